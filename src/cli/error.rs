use std::path::PathBuf;

use super::exit::Exit;
use crate::host::HostError;
use crate::matrix::SelectError;
use crate::model::ParseError;
use crate::run::RunError;
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
    /// The configuration file is wrong.
    #[error("{0}")]
    Config(Problems),
    #[error("{error}{}", advice(error))]
    Run {
        #[from]
        error: RunError,
    },
    #[error(transparent)]
    Context(#[from] ContextError),
    #[error("{error}\n{}", advice_without_engine(error))]
    NoEngine {
        #[from]
        error: NoEngine,
    },
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

/// What a command comes to.
pub type Outcome = Result<Exit, CliError>;

impl CliError {
    /// The exit status this error means.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Parse(_) | Self::Config(_) => Exit::Usage,
            Self::Run { error } if error.is_a_wrong_request() => Exit::Usage,
            Self::Run { .. }
            | Self::Context(_)
            | Self::NoEngine { .. }
            | Self::Read { .. }
            | Self::Write { .. } => Exit::Infrastructure,
        }
    }

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

/// Lets `?` pass on the errors of rooms that runs pass on too.
macro_rules! as_run_errors {
    ($($error:ty),*) => {
        $(impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::Run { error: error.into() }
            }
        })*
    };
}

as_run_errors!(
    HostError,
    Problems,
    RuntimeError,
    SelectError,
    SourceError,
    StoreError
);

/// What to do about it, where that is known.
const fn advice(error: &RunError) -> &'static str {
    match error {
        RunError::Runtime(RuntimeError::Unreachable(_)) => {
            "\nIt answered before; has it been stopped?"
        }
        RunError::Runtime(RuntimeError::NoSpace(_)) => {
            "\n`docker system prune` frees space on the engine's disk."
        }
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
