use thiserror::Error;

use crate::store::StoreError;
use crate::watch::WatchError;

/// Why something cannot be shown or done.
#[derive(Debug, Error)]
pub enum WebError {
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
    /// What was asked makes no sense.
    #[error("{0}")]
    Wrong(String),
    /// Whoever asks may not.
    #[error("{0}")]
    Forbidden(String),
    /// What is kept cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What a watcher keeps cannot be read or changed.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The page cannot be served.
    #[error("cannot listen at {address}: {error}; --listen takes another address")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why not.
        error: std::io::Error,
    },
    /// A mistake in djbuild.
    #[error("this should not have happened; please report it")]
    Bug,
}

impl WebError {
    /// The status of HTTP for it.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Missing(_) => 404,
            Self::Wrong(_) | Self::Watch(WatchError::Refused(_)) => 400,
            Self::Forbidden(_) => 403,
            _ => 500,
        }
    }
}
