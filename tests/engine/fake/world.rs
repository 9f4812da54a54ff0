use std::collections::{BTreeMap, VecDeque};

use tokio::sync::watch;

use super::container::Life;
use djbuild::plan::{Container, ImageRef, Label, Network};
use djbuild::runtime::{Image, PullError, RuntimeError};

/// What an engine has, and what it was asked for.
#[derive(Default)]
pub struct World {
    pub images: BTreeMap<String, Image>,
    pub containers: BTreeMap<String, Running>,
    pub networks: BTreeMap<String, Network>,
    pub volumes: BTreeMap<String, Vec<Label>>,
    pub builds: Vec<String>,
    pub created: Vec<Container>,
    pub networks_created: Vec<Network>,
    pub signals: Vec<(String, String)>,
    pub uploads: u32,
    /// Builds whose tag contains this fail so many times more, with these last words.
    pub failing_build: Option<(String, u32, String)>,
    /// Official images that are not there, by part of their name, and what their
    /// registry answers: the last one again and again.
    pub withheld: Vec<(String, VecDeque<Answer>)>,
    /// What was asked for, in order.
    pub calls: Vec<&'static str>,
    /// What was asked for while it was away.
    pub calls_away: Vec<&'static str>,
    /// Whether the engine goes away when it has started the next cell, before it
    /// says so.
    pub loses_start: bool,
    /// Whether the next network is made late, and the engine goes away before.
    pub delays_network: bool,
    /// Networks that were asked for and come with the next.
    pub late_networks: Vec<Network>,
    /// How often a network is not removed, because something comes to be on it.
    pub busy_network: u32,
    /// Names that two networks have.
    pub ambiguous: Vec<String>,
    /// What a container writes when it is aborted.
    pub last_words: String,
    pub next: u32,
}

/// What a registry says.
#[derive(Debug, Clone)]
pub enum Answer {
    /// It gives the image.
    Given,
    /// It does not.
    Not(PullError),
}

impl World {
    pub fn is_withheld(&self, name: &str) -> bool {
        self.withheld.iter().any(|(part, _)| name.contains(part))
    }

    pub fn answer(&mut self, name: &str) -> Answer {
        let held = self
            .withheld
            .iter_mut()
            .find(|(part, _)| name.contains(part.as_str()));
        let unknown = || Answer::Not(PullError::NotThere(format!("{name}: manifest unknown")));
        let Some((_, answers)) = held else {
            return unknown();
        };
        let answer = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        answer.unwrap_or_else(unknown)
    }

    /// Whether this build fails, and its last words.
    pub fn fails(&mut self, tag: &str) -> Option<String> {
        let (part, times, words) = self.failing_build.as_mut()?;
        if !tag.contains(part.as_str()) || *times == 0 {
            return None;
        }
        *times -= 1;
        Some(words.clone())
    }

    pub fn add_network(&mut self, network: Network) {
        let name = network.name.clone();
        if self.networks.insert(name.clone(), network).is_some() {
            self.ambiguous.push(name);
        }
    }

    pub fn create(&mut self, container: Container) -> Result<String, RuntimeError> {
        if let Some(network) = &container.network
            && !self.networks.contains_key(network)
        {
            return Err(RuntimeError::Missing(network.clone()));
        }
        if let Some(network) = &container.network
            && self.ambiguous.contains(network)
        {
            return Err(RuntimeError::Refused {
                action: "start a container".to_owned(),
                message: format!("network {network} is ambiguous (2 matches found on name)"),
            });
        }
        if !self.images.contains_key(container.image.as_str()) {
            return Err(RuntimeError::Missing(container.image.to_string()));
        }
        self.next += 1;
        let id = format!("container-{}", self.next);
        self.created.push(container.clone());
        let running = Running {
            container,
            life: watch::channel(Life::default()).0,
        };
        self.containers.insert(id.clone(), running);
        Ok(id)
    }
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
