use std::path::PathBuf;

use super::exit::Exit;
use crate::matrix::{SelectError, SupportError};
use crate::model::ParseError;
use crate::runtime::RuntimeError;
use crate::runtime::docker::{ContextError, FindError, NoEngine, SaidBy};
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
    #[error(transparent)]
    Context(#[from] ContextError),
    #[error("{error}\n{}", advice_without_engine(error))]
    NoEngine {
        #[from]
        error: NoEngine,
    },
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
            | Self::Context(_)
            | Self::NoEngine { .. }
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

impl From<FindError> for CliError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Context(error) => error.into(),
            FindError::NoEngine(error) => error.into(),
        }
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
        RuntimeError::Unreachable(_) => "\nIt answered before; has it been stopped?",
        RuntimeError::NoSpace(_) => "\n`docker system prune` frees space on the engine's disk.",
        _ => "",
    }
}

/// What to do where no engine answers.
fn advice_without_engine(error: &NoEngine) -> String {
    let mut advice = String::new();
    if error.denied() {
        advice.push_str(
            "Add yourself to the group that owns the socket (for Docker: sudo usermod -aG docker \
             $USER, then log in again), or use sudo.\n",
        );
    }
    if error.no_way_there() {
        advice.push_str(
            "ssh to that host has to work without a question: a key in your agent or without a \
             pass phrase, and a host key you accepted before.\n",
        );
    }
    advice.push_str(&match error.chosen_by() {
        Some(SaidBy::Context { .. }) => {
            "Start that engine, choose another context (docker context use …), or set DOCKER_HOST."
                .to_owned()
        }
        Some(chosen_by) => format!(
            "Start that engine, or set {chosen_by} to another; without it the sockets that \
             engines usually listen on are tried."
        ),
        None if error.denied() => "To use another engine, set DOCKER_HOST.".to_owned(),
        None => "Start Docker (Debian: apt-get install docker.io; service docker start) or \
                 Podman (systemctl --user start podman.socket), or set DOCKER_HOST."
            .to_owned(),
    });
    advice
}
