use crate::run::RunError;
use crate::source::SourceError;
use crate::store::StoreError;

/// Why a watcher cannot do something.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// What was asked for makes no sense here.
    #[error("{0}")]
    Refused(String),
    /// What a watcher keeps cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A repository could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There is no run.
    #[error(transparent)]
    Run(#[from] RunError),
}
