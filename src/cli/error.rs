use std::path::PathBuf;

use super::exit::Exit;
use crate::matrix::{SelectError, SupportError};
use crate::model::ParseError;
use crate::runtime::RuntimeError;
use crate::source::SourceError;
use crate::spec::Problems;
use crate::store::StoreError;

/// Whatever ends a command before it has done its work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// What was typed makes no sense.
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error(transparent)]
    Spec(#[from] Problems),
    /// The configuration file is wrong.
    #[error("{0}")]
    Config(Problems),
    #[error(transparent)]
    Select(#[from] SelectError),
    #[error("{branch}: {error}")]
    Support { branch: String, error: SupportError },
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("{error}{}", advice(error))]
    Runtime { error: RuntimeError },
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread panicked; what it said has been told.
    #[error("this should not have happened; nothing was started")]
    Bug,
    #[error("{path}: {error}")]
    Read {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{path}: {error}")]
    Write {
        path: PathBuf,
        error: std::io::Error,
    },
}

impl CliError {
    /// The exit status this error means.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Parse(_)
            | Self::Spec(_)
            | Self::Config(_)
            | Self::Select(_)
            | Self::Support { .. }
            | Self::Source(
                SourceError::NotDjango { .. }
                | SourceError::NotGit(_)
                | SourceError::NoFolder(_)
                | SourceError::NoRevision(_)
                | SourceError::NoRelease(_),
            ) => Exit::Usage,
            Self::Source(_)
            | Self::Runtime { .. }
            | Self::Store(_)
            | Self::Bug
            | Self::Read { .. }
            | Self::Write { .. } => Exit::Infrastructure,
        }
    }
}

impl CliError {
    /// A file that could not be read.
    pub fn read(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::Read { path, error }
    }
}

impl From<RuntimeError> for CliError {
    fn from(error: RuntimeError) -> Self {
        Self::Runtime { error }
    }
}

/// What to do about it, where that is known.
const fn advice(error: &RuntimeError) -> &'static str {
    match error {
        RuntimeError::Unreachable(_) => {
            "\nStart Docker (Debian: apt-get install docker.io; service docker start), \
             or set DOCKER_HOST."
        }
        RuntimeError::NoSpace(_) => "\n`docker system prune` frees space on the engine's disk.",
        _ => "",
    }
}
