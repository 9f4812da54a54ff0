use crate::host::HostError;
use crate::matrix::{SelectError, SupportError};
use crate::runtime::RuntimeError;
use crate::source::SourceError;
use crate::spec::Problems;
use crate::store::StoreError;

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// What was asked for makes no sense here.
    #[error("{0}")]
    Request(String),
    /// The matrix file is wrong.
    #[error(transparent)]
    Spec(#[from] Problems),
    /// A filter is.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// What a branch supports could not be read from it.
    #[error("{branch}: {error}")]
    Support {
        /// Which branch.
        branch: String,
        /// Why.
        error: SupportError,
    },
    /// A source could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// This machine lacks something.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The engine does.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// What happened cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread panicked; what it said has been told.
    #[error("this should not have happened; nothing was started")]
    Bug,
}

impl RunError {
    /// Whether whoever asked can mend it by asking otherwise.
    pub const fn is_a_wrong_request(&self) -> bool {
        matches!(
            self,
            Self::Request(_)
                | Self::Spec(_)
                | Self::Select(_)
                | Self::Support { .. }
                | Self::Source(
                    SourceError::NotDjango { .. }
                        | SourceError::NotGit(_)
                        | SourceError::NoFolder(_)
                        | SourceError::NoRevision(_)
                        | SourceError::NoRelease(_)
                        | SourceError::NoRepository { .. }
                        | SourceError::Unsupported { .. },
                )
        )
    }
}
