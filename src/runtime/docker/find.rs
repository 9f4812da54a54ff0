use super::config::{self, Environment};
use super::connect::connect;
use super::context::ContextError;
use super::endpoint::endpoints;
use super::engine::Docker;
use super::no_engine::NoEngine;

/// Why no engine was found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Somebody chose one by a context that cannot be followed.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// None answers.
    #[error(transparent)]
    NoEngine(#[from] NoEngine),
}

/// The first engine that answers, of those that this process's environment and
/// the files of Docker's client choose.
///
/// # Errors
/// When a choice cannot be followed, or no engine answers.
pub async fn find() -> Result<Docker, FindError> {
    let config = config::read(&Environment::of_process())?;
    let docker = connect(&endpoints(&config)).await?;
    Ok(docker.with_client_folder(config.client_folder))
}
