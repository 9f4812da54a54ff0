use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::Stream;

use super::error::RuntimeError;
use super::resource::Resource;
use crate::plan::{Container, Context};

/// The containers of an engine.
#[async_trait]
pub trait Containers: Send + Sync {
    /// Creates a container and returns its id.
    async fn create(&self, container: &Container) -> Result<String, RuntimeError>;

    /// Puts files at the root of a created container, before it starts.
    async fn deliver(&self, container: &str, files: Context) -> Result<(), RuntimeError>;

    /// Starts a container; one that runs already is no error.
    async fn start(&self, container: &str) -> Result<(), RuntimeError>;

    /// What a started container writes, from its beginning to its end. It may be
    /// silent for as long as the container is.
    async fn output(&self, container: &str) -> Result<OutputStream, RuntimeError>;

    /// Waits for a started container to end, however long it takes. No single
    /// request lasts longer than a minute: a network that drops what is idle
    /// makes no difference.
    ///
    /// # Errors
    /// One that [`is_gone`](RuntimeError::is_gone) when it was removed, one that
    /// [`is_away`](RuntimeError::is_away) when the engine went away.
    async fn wait(&self, container: &str) -> Result<Exit, RuntimeError>;

    /// Waits until the kernel kills a process of a running container for its memory
    /// limit; for ever while it does not, or where the engine does not tell of it.
    ///
    /// # Errors
    /// When the engine tells no more.
    async fn out_of_memory(&self, _container: &str) -> Result<(), RuntimeError> {
        std::future::pending().await
    }

    /// What a container has come to; `None` when it is not there.
    async fn state(&self, container: &str) -> Result<Option<State>, RuntimeError>;

    /// Sends a signal, such as `QUIT`, to a container's first process.
    ///
    /// # Errors
    /// When it does not run any more, too.
    async fn signal(&self, container: &str, signal: &str) -> Result<(), RuntimeError>;

    /// Asks a container to end, and kills it after `grace`.
    async fn stop(&self, container: &str, grace: Duration) -> Result<(), RuntimeError>;

    /// Removes a container, running or not, and its volumes; one that is gone
    /// already is no error.
    async fn remove(&self, container: &str) -> Result<(), RuntimeError>;

    /// The containers, running or not, that carry this label key.
    async fn containers(&self, label: &str) -> Result<Vec<Resource>, RuntimeError>;
}

/// What a container writes.
pub type OutputStream = Pin<Box<dyn Stream<Item = Result<Output, RuntimeError>> + Send>>;

/// Bytes a container wrote; they need not end with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To its standard output.
    Stdout(Vec<u8>),
    /// To its standard error.
    Stderr(Vec<u8>),
}

/// How a container ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exit {
    /// Its exit status; 128 + n for signal n.
    pub code: i64,
    /// Whether the kernel killed a process of it for its memory limit.
    pub out_of_memory: bool,
    /// What the engine has to say about it, if anything.
    pub error: String,
}

/// What a container has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// How far it is.
    pub phase: ContainerPhase,
    /// How it ended, if it has.
    pub exit: Option<Exit>,
    /// Whether the kernel killed a process of it for its memory limit. That may
    /// be while the first one lives on.
    pub out_of_memory: bool,
}

/// How far a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerPhase {
    /// It has not been started.
    Created,
    /// It runs.
    Running,
    /// It has ended.
    Exited,
}
