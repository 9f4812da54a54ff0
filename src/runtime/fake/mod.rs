//! A container engine in memory: stateful, scripted, and honest about what is
//! left in it. For tests of what the engine room decides; whether Docker
//! behaves like this is for tests on Docker.

mod container;
mod engine;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub use container::Step;
use container::{State, end};

use super::{Capabilities, Image, RuntimeError};
use crate::plan::{Container, Network};

/// Says what a container does.
pub type Script = dyn Fn(&Container) -> Vec<Step> + Send + Sync;

/// The engine.
pub struct Fake {
    script: Box<Script>,
    capabilities: Capabilities,
    world: Mutex<World>,
}

#[derive(Default)]
struct World {
    images: BTreeMap<String, Image>,
    containers: BTreeMap<String, Running>,
    networks: BTreeMap<String, Network>,
    builds: Vec<String>,
    created: Vec<Container>,
    networks_created: Vec<Network>,
    uploads: u32,
    failing_build: Option<String>,
    down: bool,
    next: u32,
}

struct Running {
    container: Container,
    state: watch::Sender<State>,
}

impl Fake {
    /// An engine whose containers do what the script says.
    pub fn new(script: impl Fn(&Container) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self {
            script: Box::new(script),
            capabilities: Capabilities {
                name: "fake".to_owned(),
                cores: 4,
                memory: 16 << 30,
            },
            world: Mutex::default(),
        }
    }

    /// The tags built so far, in order.
    pub fn builds(&self) -> Vec<String> {
        self.world().builds.clone()
    }

    /// The tags that are there now.
    pub fn images(&self) -> Vec<String> {
        self.world().images.keys().cloned().collect()
    }

    /// Every container created so far, in order.
    pub fn created(&self) -> Vec<Container> {
        self.world().created.clone()
    }

    /// Every network created so far, in order.
    pub fn networks_created(&self) -> Vec<Network> {
        self.world().networks_created.clone()
    }

    /// How many uploads there were into containers.
    pub fn uploads(&self) -> u32 {
        self.world().uploads
    }

    /// The names of containers and networks that are there now.
    pub fn left(&self) -> Vec<String> {
        let world = self.world();
        let containers = world.containers.values().map(|r| r.container.name.clone());
        containers.chain(world.networks.keys().cloned()).collect()
    }

    /// From now on a build whose tag contains this fails.
    pub fn fail_builds_of(&self, part: &str) {
        self.world().failing_build = Some(part.to_owned());
    }

    /// Loses the images whose tags contain this.
    pub fn lose_image(&self, part: &str) {
        self.world().images.retain(|tag, _| !tag.contains(part));
    }

    /// Kills the containers with this in their name, as the kernel would.
    pub fn kill(&self, part: &str) {
        for running in self.world().containers.values() {
            if running.container.name.contains(part) {
                end(&running.state, 137, false);
            }
        }
    }

    /// Makes the engine refuse everything and its containers end, or come back.
    pub fn set_down(&self, down: bool) {
        let mut world = self.world();
        world.down = down;
        if down {
            for running in world.containers.values() {
                end(&running.state, 137, false);
            }
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn up(&self) -> Result<MutexGuard<'_, World>, RuntimeError> {
        let world = self.world();
        if world.down {
            return Err(RuntimeError::Refused {
                action: "answer".to_owned(),
                message: "connection refused".to_owned(),
            });
        }
        Ok(world)
    }

    fn state(&self, id: &str) -> Result<watch::Receiver<State>, RuntimeError> {
        let world = self.up()?;
        let running = world
            .containers
            .get(id)
            .ok_or_else(|| RuntimeError::Missing(id.to_owned()))?;
        Ok(running.state.subscribe())
    }
}
