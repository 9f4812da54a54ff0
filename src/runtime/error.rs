use std::time::Duration;

/// What an engine could not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeError {
    /// The engine cannot be reached, or went away in the middle of it.
    #[error("the container engine does not answer: {0}")]
    Unreachable(String),
    /// What was asked about is not there.
    #[error("the container engine does not have it: {0}")]
    Missing(String),
    /// The engine's disk is full.
    #[error("no space left on the container engine's disk: {0}")]
    NoSpace(String),
    /// Anything else.
    #[error("the container engine could not {action}: {message}")]
    Refused {
        /// What it was asked to do.
        action: String,
        /// What it said.
        message: String,
    },
}

impl RuntimeError {
    /// Whether the engine cannot be reached or the connection broke: it may come
    /// back, and waiting for it is right. What it was asked to do may be done.
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    /// Whether what was asked about is not there.
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Missing(_))
    }
}

/// A build that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A step of it failed.
    #[error("{0}")]
    Step(String),
    /// The engine did.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

/// An image that could not be pulled. Each but the last has the image's name and
/// what was said of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// The registry answers, and does not have it.
    #[error("{0}")]
    NotThere(String),
    /// The registry does not give it to whoever asks. Of an image that is not
    /// there many say the same.
    #[error("{0}")]
    Refused(String),
    /// The registry wants to be asked later.
    #[error("{message}")]
    Busy {
        /// What it said.
        message: String,
        /// After how long, where it said so.
        retry_after: Option<Duration>,
    },
    /// The registry does not answer as it should, or not at all.
    #[error("{0}")]
    Failing(String),
    /// The engine failed, and not the registry.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}
