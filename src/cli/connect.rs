use std::sync::Arc;

use super::error::CliError;
use super::say::warn;
use crate::engine::Engine;
use crate::host::Mmdebstrap;
use crate::run::{Home, sweep_dead};
use crate::runtime::docker::{self, Docker};

/// The first container engine that answers.
pub async fn container_engine() -> Result<Docker, CliError> {
    Ok(docker::find().await?)
}

/// The engine of this process: on the first container engine that answers, without
/// what dead runs left there, and how much that was.
pub async fn engine(home: &Home, debian_mirror: &str) -> Result<(Arc<Engine>, usize), CliError> {
    let docker = container_engine().await?;
    let removed = sweep_dead(&docker, &home.state)
        .await
        .unwrap_or_else(|error| {
            warn(&format!(
                "not all that dead runs left could be removed: {error}"
            ));
            0
        });
    let bootstrap = Mmdebstrap {
        mirror: debian_mirror.to_owned(),
    };
    let engine = Engine::new(Arc::new(docker), Arc::new(bootstrap));
    Ok((engine, removed))
}
