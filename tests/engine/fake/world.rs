use std::collections::BTreeMap;

use tokio::sync::watch;

use super::container::Life;
use djbuild::plan::{Container, ImageRef, Label, Network};
use djbuild::runtime::Image;

/// What an engine has, and what it was asked for.
#[derive(Default)]
pub struct World {
    pub images: BTreeMap<String, Image>,
    pub containers: BTreeMap<String, Running>,
    pub networks: BTreeMap<String, Network>,
    pub builds: Vec<String>,
    pub created: Vec<Container>,
    pub networks_created: Vec<Network>,
    pub signals: Vec<(String, String)>,
    pub uploads: u32,
    /// Whether the engine goes away when it has started the next cell, before it
    /// says so.
    pub loses_start: bool,
    /// Whether the next network is made late, and the engine goes away before.
    pub delays_network: bool,
    /// How often a network is not removed, because something comes to be on it.
    pub busy_network: u32,
    /// Names that two networks have.
    pub ambiguous: Vec<String>,
    pub failing_build: Option<String>,
    /// What a container writes when it is aborted.
    pub last_words: String,
    pub next: u32,
}

pub struct Running {
    pub container: Container,
    pub life: watch::Sender<Life>,
}

pub fn new_image(world: &mut World, name: &str, labels: &[Label]) -> ImageRef {
    world.next += 1;
    let image = Image {
        reference: ImageRef::new(name),
        id: format!("image-{}", world.next),
        tags: vec![name.to_owned()],
        labels: labels.to_vec(),
        created: i64::from(world.next),
        ..Image::default()
    };
    world.images.insert(name.to_owned(), image);
    ImageRef::new(name)
}
