use std::path::PathBuf;
use std::time::Duration;

use crate::model::duration;
use crate::model::redacted;

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
    /// There is no git to ask.
    #[error(
        "git is not installed, and checkouts and remotes are read through it (Debian: apt-get \
         install git; version 2.31 or newer)"
    )]
    NoGit,
    /// Git failed for a reason that has no name of its own here: a full disk, a
    /// lock, a damaged repository.
    #[error("{place}: {message}")]
    Git {
        /// The repository or URL, without its secrets.
        place: String,
        /// What git said.
        message: String,
    },
    /// The network, or the server behind it, does not answer as it should. What was
    /// fetched earlier may do.
    #[error("{place}: {message}")]
    Unreachable {
        /// The URL, without its secrets.
        place: String,
        /// What happened.
        message: String,
    },
    /// The server has had enough of requests for now. What was fetched earlier may not
    /// do: it is there, and may have news.
    #[error("{place}: {message}")]
    Busy {
        /// The URL, without its secrets.
        place: String,
        /// What happened.
        message: String,
    },
    /// The server answers, and lets nobody in with these keys.
    #[error("{place}: {message}")]
    Refused {
        /// The URL, without its secrets.
        place: String,
        /// What git said, and what to do about it where that is known.
        message: String,
    },
    /// There is no repository at this address.
    #[error("{place}: {message}")]
    NoRepository {
        /// The URL, without its secrets.
        place: String,
        /// What git said.
        message: String,
    },
    /// A repository of a kind that cannot be read.
    #[error("{place} {problem}")]
    Unsupported {
        /// The repository or URL, without its secrets.
        place: String,
        /// What it is, and the way out.
        problem: String,
    },
    /// The package index refused, or what it said makes no sense.
    #[error("{url}: {message}")]
    Index {
        /// The page or file asked for, without its secrets.
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
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }

    pub(super) fn git(place: impl AsRef<str>) -> impl FnOnce(git2::Error) -> Self {
        let place = redacted(place.as_ref());
        move |error| Self::Git {
            place,
            message: error.message().to_owned(),
        }
    }

    /// A remote that said nothing for so long.
    pub(super) fn silent(place: &str, limit: Duration) -> Self {
        Self::Unreachable {
            place: redacted(place),
            message: format!("nothing came for {}", duration(limit.as_secs_f64())),
        }
    }

    /// Whether what was fetched earlier may stand in for it.
    pub(super) const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}
