use std::time::Duration;

use tokio::time::timeout;

use super::deadline::{ASK, within};
use super::engine::Docker;
use super::error::refused;
use super::registry::classify;
use crate::runtime::{PullError, RuntimeError};

/// What an engine says of itself, for whoever looks after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// How it stores layers: `overlay2`, `fuse-overlayfs`, `vfs`.
    pub storage_driver: String,
    /// Where, on its own machine.
    pub root: String,
    /// `1` or `2`.
    pub cgroup_version: String,
    /// Whether it runs without root's rights.
    pub is_rootless: bool,
    /// Whether it can limit a container's memory.
    pub limits_memory: bool,
    /// Whether it can limit a container's processes.
    pub limits_processes: bool,
    /// Its clock, as RFC 3339 has it.
    pub time: Option<String>,
    /// Its operating system.
    pub system: String,
}

/// How long a registry may take; an engine tries for much longer.
const REGISTRY: Duration = Duration::from_secs(10);

impl Docker {
    /// Asks the engine about itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn diagnose(&self) -> Result<Diagnosis, RuntimeError> {
        let info = within(ASK, self.client().await?.info())
            .await
            .map_err(refused("describe itself"))?;
        let options = info.security_options.unwrap_or_default();
        let cgroup = info.cgroup_version.map(|version| version.to_string());
        Ok(Diagnosis {
            storage_driver: info.driver.unwrap_or_default(),
            root: info.docker_root_dir.unwrap_or_default(),
            cgroup_version: cgroup.unwrap_or_default(),
            is_rootless: options.iter().any(|option| option.contains("rootless")),
            limits_memory: info.memory_limit.unwrap_or(false),
            limits_processes: info.pids_limit.unwrap_or(false),
            time: info.system_time,
            system: info.operating_system.unwrap_or_default(),
        })
    }

    /// Whether a registry gives this image to the engine: its manifest, and no
    /// more.
    ///
    /// # Errors
    /// With why not, as of a pull.
    pub async fn reach_registry(&self, image: &str) -> Result<(), PullError> {
        // What cannot be read is told where a pull wants it.
        let credentials = self.credentials.for_image(image).await.ok().flatten();
        let client = self.client().await?;
        match timeout(REGISTRY, client.inspect_registry_image(image, credentials)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(classify(image, error)),
            Err(_) => Err(PullError::Failing(format!(
                "{image}: no answer in {} s",
                REGISTRY.as_secs()
            ))),
        }
    }
}
