use std::pin::Pin;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::image::ByteStream;
use crate::plan::DebianBase;

/// Makes root file systems from a distribution's packages, for engines whose
/// registry cannot be reached.
#[async_trait]
pub trait Bootstrap: Send + Sync {
    /// Begins to make one.
    ///
    /// # Errors
    /// When it could not be begun.
    async fn begin(&self, base: &DebianBase) -> Result<Bootstrapping, BootstrapError>;
}

/// A root file system in the making. Dropping it ends the making.
pub struct Bootstrapping {
    /// The file system, as a tar archive.
    pub archive: ByteStream,
    /// What is said meanwhile, line by line.
    pub log: mpsc::Receiver<String>,
    /// Comes to an end when the making does. The archive has to be taken for that.
    pub end: Pin<Box<dyn Future<Output = Result<(), BootstrapError>> + Send>>,
}

/// Why there is no root file system.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BootstrapError {
    /// The program is not here.
    #[error(
        "mmdebstrap is not installed; base images without a registry need it (apt-get install \
         mmdebstrap)"
    )]
    NotInstalled,
    /// It failed.
    #[error("{0}")]
    Failed(String),
}
