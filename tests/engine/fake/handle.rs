use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::container::{Life, Step, end};
use super::world::World;
use djbuild::plan::{Container, Network};
use djbuild::runtime::{Capabilities, RuntimeError};

/// Says what a container does.
pub type Script = dyn Fn(&Container) -> Vec<Step> + Send + Sync;

/// The engine.
pub struct Fake {
    script: Box<Script>,
    capabilities: Capabilities,
    world: Mutex<World>,
    away: watch::Sender<bool>,
    /// Networks that were asked for and are made late.
    pub(super) late: Mutex<Vec<Network>>,
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
            away: watch::channel(false).0,
            late: Mutex::default(),
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
                end(&running.life, 137, false);
            }
        }
    }

    /// Every signal sent so far: to the container of which name, and which.
    pub fn signals(&self) -> Vec<(String, String)> {
        self.world().signals.clone()
    }

    /// What containers write to their standard error when they are aborted.
    pub fn set_last_words(&self, words: &str) {
        words.clone_into(&mut self.world().last_words);
    }

    /// Makes the engine refuse everything and its containers end, or come back.
    pub fn set_down(&self, down: bool) {
        self.set_away(down);
        if down {
            for running in self.world().containers.values() {
                end(&running.life, 137, false);
            }
        }
    }

    /// Makes the engine refuse everything and break off what it was saying, or
    /// come back. Its containers live on meanwhile.
    pub fn set_away(&self, away: bool) {
        self.away.send_replace(away);
    }

    /// Makes the engine go away when it has started the next cell, before it says so.
    pub fn lose_answer_to_start(&self) {
        self.world().loses_start = true;
    }

    /// Makes the engine go away at the next request for a network, which it makes all
    /// the same, a moment later.
    pub fn delay_network(&self) {
        self.world().delays_network = true;
    }

    /// Refuses to remove networks so many times.
    pub fn keep_network_busy(&self, times: u32) {
        self.world().busy_network = times;
    }

    pub(super) fn add_network(&self, network: &Network) {
        let mut world = self.world();
        let name = network.name.clone();
        if world
            .networks
            .insert(name.clone(), network.clone())
            .is_some()
        {
            world.ambiguous.push(name);
        }
    }

    pub(super) const fn described(&self) -> &Capabilities {
        &self.capabilities
    }

    pub(super) fn script_of(&self, container: &Container) -> Vec<Step> {
        (self.script)(container)
    }

    pub(super) fn away(&self) -> watch::Receiver<bool> {
        self.away.subscribe()
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn up(&self) -> Result<MutexGuard<'_, World>, RuntimeError> {
        if *self.away.borrow() {
            return Err(RuntimeError::Unreachable("connection refused".to_owned()));
        }
        Ok(self.world())
    }

    pub(super) fn life(&self, id: &str) -> Result<watch::Receiver<Life>, RuntimeError> {
        let world = self.up()?;
        let running = world
            .containers
            .get(id)
            .ok_or_else(|| RuntimeError::Missing(id.to_owned()))?;
        Ok(running.life.subscribe())
    }
}
