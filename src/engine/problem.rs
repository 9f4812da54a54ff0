use std::time::Duration;

use super::verdict::Verdict;
use crate::model::{Cause, Outcome};
use crate::runtime::RuntimeError;

/// Why there is no image.
#[derive(Debug, Clone)]
pub enum Problem {
    /// Nobody has its base: that is known.
    NoBase(String),
    /// Who may have its base does not say: a registry that is too busy, refuses
    /// or is not reached.
    Registry {
        /// What it said, and of what.
        message: String,
        /// Whether asking again may help.
        may_pass: bool,
        /// After how long it wants to be asked again, if it said so.
        retry_after: Option<Duration>,
    },
    /// A build failed.
    Build {
        /// The image's readable name.
        image: String,
        /// The step, as the builder names it.
        step: String,
        /// Its last word.
        message: String,
        /// The last lines of its log.
        tail: Vec<String>,
    },
    /// The engine did.
    Engine(RuntimeError),
}

impl From<RuntimeError> for Problem {
    fn from(error: RuntimeError) -> Self {
        Self::Engine(error)
    }
}

/// How a build's own words begin where no more than the network failed
/// (`dockerfiles/python/build/install_requirements.py`).
const NETWORK: &str = "djbuild: network:";
/// The longest pause that a registry is granted.
const LONGEST: Duration = Duration::from_secs(120);

impl Problem {
    /// What it means for a cell that needs the image.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::NoBase(why) => Verdict {
                outcome: Outcome::Skipped,
                cause: None,
                detail: why.clone(),
                log: Vec::new(),
            },
            Self::Registry { message, .. } => Verdict::ours(Cause::ImageFailed, message.clone()),
            Self::Build { image, message, .. } => {
                Verdict::ours(Cause::ImageFailed, format!("{image}: {message}"))
            }
            Self::Engine(error) => Verdict::engine(error),
        }
    }

    /// Whether what it was to be made from is not there any more.
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Engine(error) if error.is_gone())
    }

    /// Whether the same may succeed a little later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NoBase(_) => false,
            Self::Registry { may_pass, .. } => *may_pass,
            Self::Build { tail, message, .. } => {
                message.contains(NETWORK) || tail.iter().any(|line| line.contains(NETWORK))
            }
            Self::Engine(error) => error.is_away(),
        }
    }

    /// How long to wait before the same is tried again, where somebody says so.
    pub fn wanted_pause(&self) -> Option<Duration> {
        match self {
            Self::Registry { retry_after, .. } => retry_after.map(|pause| pause.min(LONGEST)),
            _ => None,
        }
    }

    /// What is told of it: the step, the last word, the log.
    pub fn parts(&self) -> (String, String, Vec<String>) {
        match self {
            Self::NoBase(message) | Self::Registry { message, .. } => {
                (String::new(), message.clone(), Vec::new())
            }
            Self::Build {
                step,
                message,
                tail,
                ..
            } => (step.clone(), message.clone(), tail.clone()),
            Self::Engine(error) => (String::new(), error.to_string(), Vec::new()),
        }
    }
}
