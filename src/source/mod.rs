//! Where Django comes from: a checkout, a git URL, or a PyPI release.
//!
//! **Architecture invariant:** the only room that names git2, and the only one
//! that knows how a tree is stored. Everybody else sees a [`Snapshot`]: the
//! immutable list of files of one revision, named by its content.

mod aside;
mod candidate;
mod checkout;
mod commit;
mod credentials;
mod disk;
mod heads;
mod index;
mod lock;
mod manifest;
mod mirror;
mod origin;
mod refs;
mod release;
mod shelf;
mod snapshot;
mod submodule;
mod wanted;
mod web;

use std::path::PathBuf;

pub use candidate::Candidate;
pub use checkout::{committed, find_checkout, find_tree, worktree};
pub use index::PackageIndex;
pub use manifest::{Delta, Entry, Manifest, Mode};
pub use mirror::{Mirror, Mirrored, Reach};
pub use origin::Origin;
pub use release::{Released, find_release};
pub use shelf::Shelf;
pub use snapshot::{Snapshot, Tree};
pub use wanted::Wanted;
pub use web::reach;

/// How far something that is fetched has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// What: a file's name, a URL.
    pub what: String,
    /// How much has come.
    pub done: u64,
    /// How much there is, where that is known.
    pub total: Option<u64>,
    /// `bytes` or `objects`.
    pub unit: &'static str,
}

/// Hears of a transfer, for every buffer of it.
pub type OnTransfer<'a> = dyn Fn(&Transfer) + 'a;

/// Why a source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file or folder could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Git refused.
    #[error("{place}: {message}")]
    Git {
        /// The repository or URL.
        place: String,
        /// What libgit2 said.
        message: String,
    },
    /// The package index refused or could not be reached.
    #[error("{url}: {message}")]
    Index {
        /// The page or file asked for.
        url: String,
        /// What happened.
        message: String,
    },
    /// The file downloaded is not the file the index promised.
    #[error(
        "{file}: its SHA-256 is {found}, the index says {expected}; nothing was kept. Try again"
    )]
    Checksum {
        /// The file's name.
        file: String,
        /// From the index.
        expected: String,
        /// Of what arrived.
        found: String,
    },
    /// The source distribution is no archive of plain files.
    #[error("{file}: {problem}")]
    Archive {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There is nothing at all.
    #[error("{0}: no such folder")]
    NoFolder(PathBuf),
    /// Django, but nothing that says which files belong to it.
    #[error(
        "{0} is a Django tree without git, which says what belongs to it: run `git init` and \
         `git add` there, or name another --source"
    )]
    NotGit(PathBuf),
    /// There is no Django in it.
    #[error("{place} is no Django source tree: it has no {missing}")]
    NotDjango {
        /// Where was looked.
        place: String,
        /// The file every Django tree has.
        missing: &'static str,
    },
    /// A branch, tag, pull request or commit that is not there.
    #[error("{0}")]
    NoRevision(String),
    /// A release that does not exist.
    #[error("{0}")]
    NoRelease(String),
}

impl SourceError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }

    fn git(place: impl Into<String>) -> impl FnOnce(git2::Error) -> Self {
        let place = place.into();
        move |error| Self::Git {
            place,
            message: error.message().to_owned(),
        }
    }
}
