use std::pin::Pin;

use async_trait::async_trait;
use futures_util::Stream;

use super::error::{BuildError, PullError, RuntimeError};
use super::resource::find_label;
use crate::plan::{Context, ImageRef, Label};

/// The images of an engine. They are found by names, which follow from what is in
/// them, and started by references, which are the engine's to hand out.
#[async_trait]
pub trait Images: Send + Sync {
    /// The image of this name or id, if it is there.
    async fn image(&self, name: &str) -> Result<Option<Image>, RuntimeError>;

    /// The images with all of these labels.
    async fn images(&self, labels: &[Label]) -> Result<Vec<Image>, RuntimeError>;

    /// Fetches an image from its registry.
    async fn pull(&self, name: &str) -> Result<ImageRef, PullError>;

    /// Makes an image of one layer from a root file system, as a tar archive.
    async fn import(
        &self,
        name: &str,
        labels: &[Label],
        archive: ByteStream,
    ) -> Result<ImageRef, RuntimeError>;

    /// Builds an image. `log` gets every line as it comes.
    async fn build(
        &self,
        build: Build,
        log: &(dyn Fn(BuildLine) + Send + Sync),
    ) -> Result<ImageRef, BuildError>;

    /// Keeps what an ended container is as an image, under these labels and none
    /// of the container's.
    async fn keep(
        &self,
        container: &str,
        name: &str,
        labels: &[Label],
    ) -> Result<ImageRef, RuntimeError>;

    /// Removes a name or id, and the image when nothing else needs it; one that
    /// is gone already, or that a container stands on, is no error.
    async fn remove_image(&self, name: &str) -> Result<(), RuntimeError>;
}

/// An image that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// What a container is started from to have it.
    pub reference: ImageRef,
    /// Its content's id.
    pub id: String,
    /// Its names.
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

/// An image to be built.
#[derive(Debug, Clone)]
pub struct Build {
    /// Its name.
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
