use std::time::Duration;

use toml::Spanned;

use super::read::TypedWatch;
use super::{Links, Scheduler, Watch};
use crate::spec::Placed;
use crate::spec::value::Words;
use crate::spec::words::Reading;

const INTERVAL: Duration = Duration::from_secs(300);

impl Reading<'_> {
    /// What is watched, and who is told, if it can be said.
    pub fn watch(&mut self, typed: &TypedWatch) -> Option<Watch> {
        let spanned = &typed.table;
        let table = &spanned.value;
        let place = self.findings.file.place(spanned.span.start);
        if table.source.is_none() && spanned.is_whole {
            self.findings
                .add(spanned.span.clone(), "watch needs a source")
                .help("source = \"https://github.com/django/django\"");
        }
        let sources = table.source.as_ref().map(|source| self.sources(source));
        let interval = table.interval.as_ref();
        let interval = interval.map_or(Some(INTERVAL), |word| {
            self.length(word, Duration::from_secs(1))
        });
        let per_day = table.bisect_per_day.as_ref();
        let links = Links {
            revision: self.link(table.revision_link.as_ref(), "{revision}"),
            ticket: self.link(table.ticket_link.as_ref(), "{ticket}"),
        };
        let mut schedulers = self.schedulers(&typed.schedulers);
        if typed.schedulers.is_empty() {
            schedulers.push(Scheduler::usual(place.clone()));
        }
        let receivers = self.receivers(&typed.notices);
        let page = match &typed.page {
            Some(page) => Some(self.page(page)?),
            None => None,
        };
        let login = typed.login.as_ref();
        let login = login.and_then(|table| self.login(table));
        Some(Watch {
            sources: sources?,
            interval: interval?,
            schedulers,
            receivers,
            login,
            bisect_per_day: per_day.map_or(Watch::BISECT_PER_DAY, |number| *number.get_ref()),
            links,
            page,
            place,
        })
    }

    fn sources(&mut self, whole: &Spanned<Words>) -> Vec<Placed<String>> {
        let words = Words::each(whole);
        if words.is_empty() {
            self.findings
                .add(whole.span(), "watch needs a source")
                .help("source = \"https://github.com/django/django\"");
        }
        self.distinct(&words, Reading::source)
    }

    fn source(&mut self, word: &Spanned<String>) -> Option<String> {
        let typed = self.text(word)?;
        let (what, help) = if typed.starts_with("pypi:") {
            (
                "a package index has no branches to watch",
                "name a git repository: https://github.com/django/django",
            )
        } else if is_repository(&typed) {
            return Some(typed);
        } else {
            (
                "this is no git repository",
                "a git URL, as in https://github.com/django/django, or an absolute path",
            )
        };
        self.findings
            .add(word.span(), format!("{typed}: {what}"))
            .help(help);
        None
    }

    /// An address with a word in braces.
    fn link(&mut self, word: Option<&Spanned<String>>, part: &str) -> Option<String> {
        let word = word?;
        let typed = self.text(word)?;
        let what = if !typed.starts_with("https://") && !typed.starts_with("http://") {
            "this is no address of the web".to_owned()
        } else if typed.contains(part) {
            return Some(typed);
        } else {
            format!("{part} is missing here")
        };
        self.findings
            .add(word.span(), what)
            .help(format!("as in https://example.org/{part}"));
        None
    }
}

/// Whether a word can stand for a repository: a URL, `git@host:path`, or a path.
fn is_repository(typed: &str) -> bool {
    let is_scheme = |word: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(known)
    };
    let is_host = |host: &str| {
        let (user, name) = host.split_once('@').unwrap_or_default();
        !user.is_empty() && !name.is_empty() && !host.contains('/') && !host.starts_with('-')
    };
    typed.starts_with('/')
        || match typed.split_once("://") {
            Some((scheme, rest)) => is_scheme(scheme) && !rest.is_empty(),
            None => typed
                .split_once(':')
                .is_some_and(|(host, path)| is_host(host) && !path.is_empty()),
        }
}
