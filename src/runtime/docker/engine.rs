use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use super::abilities::Abilities;
use super::credentials::Credentials;
use super::deadline::PING;
use super::error::refused;
use super::tunnel::Tunnel;
use super::{container, image, network, pull, state};
use crate::plan::{Container, Context, ImageRef, Label, Network};
use crate::runtime::{
    Build, BuildError, BuildLine, ByteStream, Capabilities, Containers, Exit, Image, Images,
    Networks, OutputStream, PullError, Resource, Runtime, RuntimeError, State,
};

/// A Docker engine that answers.
#[derive(Debug, Clone)]
pub struct Docker {
    pub(super) client: bollard::Docker,
    pub(super) capabilities: Capabilities,
    pub(super) abilities: Abilities,
    /// Open as long as anything uses the engine behind it.
    pub(super) tunnel: Option<Arc<Tunnel>>,
    /// For the registries that it pulls from.
    pub(super) credentials: Credentials,
}

impl Docker {
    /// With what `docker login` keeps in this folder, for pulls.
    #[must_use]
    pub fn with_client_folder(self, folder: Option<PathBuf>) -> Self {
        Self {
            credentials: Credentials::of(folder),
            ..self
        }
    }

    /// The client, after the tunnel to the engine was looked after.
    pub(super) async fn client(&self) -> Result<&bollard::Docker, RuntimeError> {
        if let Some(tunnel) = &self.tunnel {
            Arc::clone(tunnel)
                .keep_open()
                .await
                .map_err(|error| RuntimeError::Unreachable(error.to_string()))?;
        }
        Ok(&self.client)
    }
}

#[async_trait]
impl Runtime for Docker {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn ping(&self) -> Result<(), RuntimeError> {
        let answer = async {
            let asked = self.client().await?.ping();
            asked.await.map(|_| ()).map_err(refused("ping"))
        };
        let silent = || RuntimeError::Unreachable("ping: no answer in time".to_owned());
        timeout(PING, answer)
            .await
            .unwrap_or_else(|_| Err(silent()))
    }
}

#[async_trait]
impl Images for Docker {
    async fn image(&self, name: &str) -> Result<Option<Image>, RuntimeError> {
        image::inspect(self.client().await?, name).await
    }

    async fn images(&self, labels: &[Label]) -> Result<Vec<Image>, RuntimeError> {
        image::list(self.client().await?, labels).await
    }

    async fn pull(&self, name: &str) -> Result<ImageRef, PullError> {
        pull::pull(self.client().await?, &self.credentials, name).await
    }

    async fn import(
        &self,
        name: &str,
        labels: &[Label],
        archive: ByteStream,
    ) -> Result<ImageRef, RuntimeError> {
        image::import(self.client().await?, name, labels, archive).await
    }

    async fn build(
        &self,
        build: Build,
        log: &(dyn Fn(BuildLine) + Send + Sync),
    ) -> Result<ImageRef, BuildError> {
        image::build(self.client().await?, build, log).await
    }

    async fn keep(
        &self,
        container: &str,
        name: &str,
        labels: &[Label],
    ) -> Result<ImageRef, RuntimeError> {
        container::keep(self.client().await?, container, name, labels).await
    }

    async fn remove_image(&self, name: &str) -> Result<(), RuntimeError> {
        image::remove(self.client().await?, name).await
    }
}

#[async_trait]
impl Containers for Docker {
    async fn create(&self, container: &Container) -> Result<String, RuntimeError> {
        container::create(self.client().await?, container).await
    }

    async fn deliver(&self, container: &str, files: Context) -> Result<(), RuntimeError> {
        container::deliver(self.client().await?, container, files).await
    }

    async fn start(&self, container: &str) -> Result<(), RuntimeError> {
        container::start(self.client().await?, container).await
    }

    async fn output(&self, container: &str) -> Result<OutputStream, RuntimeError> {
        Ok(container::output(self.client().await?, container))
    }

    async fn wait(&self, container: &str) -> Result<Exit, RuntimeError> {
        state::wait(self.client().await?, container).await
    }

    async fn out_of_memory(&self, container: &str) -> Result<(), RuntimeError> {
        state::out_of_memory(&self.client, container).await
    }

    async fn state(&self, container: &str) -> Result<Option<State>, RuntimeError> {
        state::state(self.client().await?, container).await
    }

    async fn signal(&self, container: &str, signal: &str) -> Result<(), RuntimeError> {
        container::signal(self.client().await?, container, signal).await
    }

    async fn stop(&self, container: &str, grace: Duration) -> Result<(), RuntimeError> {
        container::stop(self.client().await?, container, grace).await
    }

    async fn remove(&self, container: &str) -> Result<(), RuntimeError> {
        container::remove(self.client().await?, container).await
    }

    async fn containers(&self, label: &str) -> Result<Vec<Resource>, RuntimeError> {
        container::list(self.client().await?, label).await
    }
}

#[async_trait]
impl Networks for Docker {
    async fn create_network(&self, network: &Network) -> Result<(), RuntimeError> {
        network::create(self.client().await?, network, self.abilities).await
    }

    async fn remove_network(&self, name: &str) -> Result<(), RuntimeError> {
        network::remove(self.client().await?, name).await
    }

    async fn networks(&self, label: &str) -> Result<Vec<Resource>, RuntimeError> {
        network::list(self.client().await?, label).await
    }

    async fn create_volume(&self, name: &str, labels: &[Label]) -> Result<(), RuntimeError> {
        network::create_volume(&self.client, name, labels).await
    }

    async fn volumes(&self, label: &str) -> Result<Vec<Resource>, RuntimeError> {
        network::list_volumes(self.client().await?, label).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), RuntimeError> {
        network::remove_volume(self.client().await?, name).await
    }
}
