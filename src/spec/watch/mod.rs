//! The `[watch]` table: what `djbuild watch` looks at, what it requests when, and
//! whom it tells.

mod circle;
mod expected;
mod files;
mod github;
mod irc;
mod login;
mod logins;
mod mail;
mod maybe_secret;
mod notice;
mod page;
mod read;
mod receiver;
mod receivers;
mod scheduler;
mod schedulers;
mod secret;
mod server;
mod template;
mod times;
mod trigger;
mod typed;
mod validate;
mod ways;
mod words;

use std::time::Duration;

use super::{Place, Placed};
use crate::model::redacted;

pub use files::Files;
pub use github::Github;
pub use irc::Irc;
pub use login::{DjangoUsers, Login, Readers, Right, Users};
pub use mail::{Encryption, Mail};
pub use page::Page;
pub use receiver::{Receiver, Shape, Telling, Way};
pub use scheduler::{Collapse, Cron, First, Job, Release, Scheduler, Suite, Trigger};
pub use secret::{Account, Secret};
pub use server::Server;
pub use template::{Template, TemplateError};

#[cfg(test)]
pub(super) use page::PageTable;
pub(super) use read::{TypedWatch, read as read_watch};
pub(super) use typed::WatchTable;
#[cfg(test)]
pub(super) use {
    notice::NoticeTable,
    typed::{LoginTable, SchedulerTable},
};

/// What a watcher is to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// Repositories to look at, as `--source` takes them: git URLs.
    pub sources: Vec<Placed<String>>,
    /// How often each is asked.
    pub interval: Duration,
    /// Who decides what is run; at least one.
    pub schedulers: Vec<Scheduler>,
    /// Who is told.
    pub receivers: Vec<Receiver>,
    /// Who may log in; nobody can where the file does not say.
    pub login: Option<Login>,
    /// How many runs in 24 hours search for the commit that broke a cell; 0 is no search.
    pub bisect_per_day: u32,
    /// Where people see a commit and a ticket.
    pub links: Links,
    /// The page that shows it, if one is wanted.
    pub page: Option<Page>,
    /// Where it is.
    pub place: Place,
}

impl Watch {
    /// So many runs in 24 hours search for culprits where nobody says.
    pub const BISECT_PER_DAY: u32 = 20;

    /// Whether any scheduler is interested in a branch.
    pub fn watches(&self, branch: &str) -> bool {
        let mut schedulers = self.schedulers.iter();
        schedulers.any(|scheduler| scheduler.watches(branch))
    }

    /// The URLs of the repositories, without their secrets: what they are called.
    pub fn places(&self) -> Vec<String> {
        let sources = self.sources.iter();
        sources.map(|source| redacted(&source.value)).collect()
    }
}

/// Addresses with a word in braces: `https://github.com/django/django/commit/{revision}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// With `{revision}`.
    pub revision: Option<String>,
    /// With `{ticket}`; tickets are what subjects call `#12345`.
    pub ticket: Option<String>,
}

#[cfg(test)]
mod tests;
