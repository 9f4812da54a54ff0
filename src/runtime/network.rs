use async_trait::async_trait;

use super::error::RuntimeError;
use super::resource::Resource;
use crate::plan::{Label, Network};

/// The networks of an engine, and the volumes that its containers leave.
#[async_trait]
pub trait Networks: Send + Sync {
    /// Creates a network whose containers reach each other and nothing else.
    async fn create_network(&self, network: &Network) -> Result<(), RuntimeError>;

    /// Removes a network; one that is gone already is no error.
    async fn remove_network(&self, name: &str) -> Result<(), RuntimeError>;

    /// The networks that carry this label key.
    async fn networks(&self, label: &str) -> Result<Vec<Resource>, RuntimeError>;

    /// Creates an empty volume, which nothing uses: its labels are wanted of it.
    async fn create_volume(&self, name: &str, labels: &[Label]) -> Result<(), RuntimeError>;

    /// The volumes that carry this label key.
    async fn volumes(&self, label: &str) -> Result<Vec<Resource>, RuntimeError>;

    /// Removes a volume; one that is gone already is no error.
    async fn remove_volume(&self, name: &str) -> Result<(), RuntimeError>;
}
