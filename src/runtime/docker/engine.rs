use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::tunnel::Tunnel;
use super::{container, image, network};
use crate::plan::{Container, Context, Label, Network};
use crate::runtime::{
    Build, BuildError, BuildLine, ByteStream, Capabilities, Exit, Image, OutputStream, Resource,
    Runtime, RuntimeError,
};

/// A Docker engine that answers.
#[derive(Debug, Clone)]
pub struct Docker {
    pub(super) client: bollard::Docker,
    pub(super) capabilities: Capabilities,
    /// Open as long as anything uses the engine behind it.
    pub(super) _tunnel: Option<Arc<Tunnel>>,
}

#[async_trait]
impl Runtime for Docker {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn image(&self, tag: &str) -> Result<Option<Image>, RuntimeError> {
        image::inspect(&self.client, tag).await
    }

    async fn images(&self, labels: &[Label]) -> Result<Vec<Image>, RuntimeError> {
        image::list(&self.client, labels).await
    }

    async fn pull(&self, reference: &str) -> Result<(), RuntimeError> {
        image::pull(&self.client, reference).await
    }

    async fn import(
        &self,
        tag: &str,
        labels: &[Label],
        archive: ByteStream,
    ) -> Result<(), RuntimeError> {
        image::import(&self.client, tag, labels, archive).await
    }

    async fn build(
        &self,
        build: Build,
        log: &(dyn Fn(BuildLine) + Send + Sync),
    ) -> Result<(), BuildError> {
        image::build(&self.client, build, log).await
    }

    async fn remove_image(&self, tag: &str) -> Result<(), RuntimeError> {
        image::remove(&self.client, tag).await
    }

    async fn create_network(&self, network: &Network) -> Result<(), RuntimeError> {
        network::create(&self.client, network).await
    }

    async fn remove_network(&self, name: &str) -> Result<(), RuntimeError> {
        network::remove(&self.client, name).await
    }

    async fn networks(&self, label: &str) -> Result<Vec<Resource>, RuntimeError> {
        network::list(&self.client, label).await
    }

    async fn create(&self, container: &Container) -> Result<String, RuntimeError> {
        container::create(&self.client, container).await
    }

    async fn upload(&self, container: &str, context: Context) -> Result<(), RuntimeError> {
        container::upload(&self.client, container, context).await
    }

    async fn commit(
        &self,
        container: &str,
        tag: &str,
        labels: &[Label],
    ) -> Result<(), RuntimeError> {
        container::commit(&self.client, container, tag, labels).await
    }

    async fn start(&self, container: &str) -> Result<(), RuntimeError> {
        container::start(&self.client, container).await
    }

    async fn output(&self, container: &str) -> Result<OutputStream, RuntimeError> {
        Ok(container::output(&self.client, container))
    }

    async fn wait(&self, container: &str) -> Result<Exit, RuntimeError> {
        container::wait(&self.client, container).await
    }

    async fn stop(&self, container: &str, grace: Duration) -> Result<(), RuntimeError> {
        container::stop(&self.client, container, grace).await
    }

    async fn remove(&self, container: &str) -> Result<(), RuntimeError> {
        container::remove(&self.client, container).await
    }

    async fn containers(&self, label: &str) -> Result<Vec<Resource>, RuntimeError> {
        container::list(&self.client, label).await
    }

    async fn volumes(&self, label: &str) -> Result<Vec<Resource>, RuntimeError> {
        network::list_volumes(&self.client, label).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), RuntimeError> {
        network::remove_volume(&self.client, name).await
    }
}
