//! What a container engine can do, whichever it is.
//!
//! **Architecture invariant:** nothing here assumes that the engine is on this
//! machine: no bind mounts, no host ports, no host paths.

pub mod docker;
pub mod fake;

use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::Stream;

use crate::plan::{Container, Context, Label, Network};

/// A container engine.
#[async_trait]
pub trait Runtime: Send + Sync {
    /// What it is and has.
    fn capabilities(&self) -> &Capabilities;

    /// The image with this tag or id, if it is there.
    async fn image(&self, tag: &str) -> Result<Option<Image>, RuntimeError>;

    /// The images with all of these labels.
    async fn images(&self, labels: &[Label]) -> Result<Vec<Image>, RuntimeError>;

    /// Fetches an image from its registry.
    async fn pull(&self, reference: &str) -> Result<(), RuntimeError>;

    /// Makes an image of one layer from a root file system, as a tar archive.
    async fn import(
        &self,
        tag: &str,
        labels: &[Label],
        archive: ByteStream,
    ) -> Result<(), RuntimeError>;

    /// Builds an image. `log` gets every line as it comes.
    async fn build(
        &self,
        build: Build,
        log: &(dyn Fn(BuildLine) + Send + Sync),
    ) -> Result<(), BuildError>;

    /// Removes a tag, and the image when nothing else needs it.
    async fn remove_image(&self, tag: &str) -> Result<(), RuntimeError>;

    /// Creates a network whose containers reach each other and nothing else.
    async fn create_network(&self, network: &Network) -> Result<(), RuntimeError>;

    /// Removes a network; one that is gone already is no error.
    async fn remove_network(&self, name: &str) -> Result<(), RuntimeError>;

    /// The networks that carry this label key.
    async fn networks(&self, label: &str) -> Result<Vec<Resource>, RuntimeError>;

    /// Creates a container and returns its id.
    async fn create(&self, container: &Container) -> Result<String, RuntimeError>;

    /// Unpacks files at the root of a created container.
    async fn upload(&self, container: &str, context: Context) -> Result<(), RuntimeError>;

    /// Keeps what an ended container is as an image, with these labels.
    async fn commit(
        &self,
        container: &str,
        tag: &str,
        labels: &[Label],
    ) -> Result<(), RuntimeError>;

    /// Starts a container.
    async fn start(&self, container: &str) -> Result<(), RuntimeError>;

    /// What a started container writes, from its beginning to its end.
    async fn output(&self, container: &str) -> Result<OutputStream, RuntimeError>;

    /// Waits for a started container to end.
    async fn wait(&self, container: &str) -> Result<Exit, RuntimeError>;

    /// Asks a container to end, and kills it after `grace`.
    async fn stop(&self, container: &str, grace: Duration) -> Result<(), RuntimeError>;

    /// Removes a container, running or not, and its volumes; one that is gone
    /// already is no error.
    async fn remove(&self, container: &str) -> Result<(), RuntimeError>;

    /// The containers, running or not, that carry this label key.
    async fn containers(&self, label: &str) -> Result<Vec<Resource>, RuntimeError>;

    /// The volumes that carry this label key.
    async fn volumes(&self, label: &str) -> Result<Vec<Resource>, RuntimeError>;

    /// Removes a volume; one that is gone already is no error.
    async fn remove_volume(&self, name: &str) -> Result<(), RuntimeError>;
}

/// What an engine is and has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Such as `Docker 28.2.2 (API 1.50)`.
    pub name: String,
    /// Its cores.
    pub cores: u32,
    /// Its bytes of memory.
    pub memory: u64,
}

/// An image that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// Its content's id.
    pub id: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its labels.
    pub labels: Vec<Label>,
    /// Seconds since 1970 when it was made; a list tells that, an inspection not.
    pub created: i64,
    /// Its bytes, those of its parents included.
    pub size: u64,
    /// Its layers, oldest first; an inspection tells them, a list not.
    pub layers: Vec<String>,
}

impl Image {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        find_label(&self.labels, key)
    }
}

/// A container, network or volume that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its id, or its name where it has none.
    pub id: String,
    /// Its readable name.
    pub name: String,
    /// Its labels.
    pub labels: Vec<Label>,
}

impl Resource {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        find_label(&self.labels, key)
    }
}

fn find_label<'a>(labels: &'a [Label], key: &str) -> Option<&'a str> {
    labels
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.as_str())
}

/// An image to be built.
#[derive(Debug, Clone)]
pub struct Build {
    /// Its tag.
    pub tag: String,
    /// The build context, Dockerfile included.
    pub context: Context,
    /// Build arguments, from the recipe and from the host.
    pub arguments: Vec<(String, String)>,
}

/// A line of a build's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildLine {
    /// Step and number of steps, where a step begins.
    pub step: Option<(u32, u32)>,
    /// The line, without its end.
    pub text: String,
}

/// Bytes of an archive.
pub type ByteStream = Pin<Box<dyn Stream<Item = std::io::Result<Vec<u8>>> + Send>>;

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

/// What an engine could not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeError {
    /// No engine answers.
    #[error("no container engine answers: {0}")]
    Unreachable(String),
    /// What was asked about is not there.
    #[error("{0} is not there")]
    Missing(String),
    /// The engine's disk is full.
    #[error("no space left on the container engine's disk: {0}")]
    NoSpace(String),
    /// Anything else.
    #[error("the container engine could not {action}: {message}")]
    Refused {
        /// What it was asked to do.
        action: String,
        /// What it said.
        message: String,
    },
}

/// A build that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A step of it failed.
    #[error("{0}")]
    Step(String),
    /// The engine did.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}
