use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::container::{Life, Step, end};
use super::world::{Answer, World};
use djbuild::plan::{Container, Network};
use djbuild::runtime::{Capabilities, RuntimeError};

/// Says what a container does.
pub type Script = dyn Fn(&Container) -> Vec<Step> + Send + Sync;

/// The engine.
pub struct Fake {
    script: Box<Script>,
    capabilities: Capabilities,
    world: Arc<Mutex<World>>,
    away: watch::Sender<bool>,
    pace: Mutex<Slowness>,
    /// Requests that have no answer yet, and the most there were at once.
    open: AtomicUsize,
    most: AtomicUsize,
}

/// How long things take.
#[derive(Debug, Clone, Copy, Default)]
struct Slowness {
    request: Duration,
    creation: Duration,
}

/// A request that has no answer yet.
pub struct Call<'a>(&'a AtomicUsize);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
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
            world: Arc::default(),
            away: watch::channel(false).0,
            pace: Mutex::default(),
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
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

    /// The names of containers, networks and volumes that are there now.
    pub fn left(&self) -> Vec<String> {
        let world = self.world();
        let containers = world.containers.values().map(|r| r.container.name.clone());
        let others = world.networks.keys().chain(world.volumes.keys());
        containers.chain(others.cloned()).collect()
    }

    /// From now on a build whose tag contains this fails.
    pub fn fail_builds_of(&self, part: &str) {
        self.fail_builds(part, u32::MAX, "no such package");
    }

    /// The next so many builds whose tag contains this fail, after these words.
    pub fn fail_builds(&self, part: &str, times: u32, words: &str) {
        self.world().failing_build = Some((part.to_owned(), times, words.to_owned()));
    }

    /// Official images whose name contains this are not there; their registry
    /// answers so when it is asked, the last answer again and again.
    pub fn withhold(&self, part: &str, answers: impl IntoIterator<Item = Answer>) {
        let answers = answers.into_iter().collect();
        self.world().withheld.push((part.to_owned(), answers));
    }

    /// Lets requests take so long each.
    pub fn set_request_time(&self, time: Duration) {
        self.pace().request = time;
    }

    /// Lets the creation of a container take so long, and go on when whoever asked
    /// for it is gone.
    pub fn set_creation_time(&self, time: Duration) {
        self.pace().creation = time;
    }

    /// The most requests there were at once.
    pub fn most_at_once(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// What was asked for so far, in order.
    pub fn calls(&self) -> Vec<&'static str> {
        self.world().calls.clone()
    }

    /// What was asked for while it was away, in order.
    pub fn calls_away(&self) -> Vec<&'static str> {
        self.world().calls_away.clone()
    }

    /// Cuts off those who read what these containers write, which live on.
    pub fn cut_output(&self, part: &str) {
        for running in self.world().containers.values() {
            if running.container.name.contains(part) {
                running.life.send_modify(|life| life.cuts += 1);
            }
        }
    }

    /// Kills a process of these containers for its memory; they live on.
    pub fn lose_process(&self, part: &str) {
        for running in self.world().containers.values() {
            if running.container.name.contains(part) {
                running.life.send_modify(|life| life.out_of_memory = true);
            }
        }
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

    /// What containers write to their standard error when they are aborted, or asked where they are.
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

    pub(super) const fn described(&self) -> &Capabilities {
        &self.capabilities
    }

    pub(super) fn script_of(&self, container: &Container) -> Vec<Step> {
        (self.script)(container)
    }

    pub(super) fn away(&self) -> watch::Receiver<bool> {
        self.away.subscribe()
    }

    /// A request begins, and takes its time.
    pub(super) async fn call(&self, what: &'static str) -> Call<'_> {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        let call = Call(&self.open);
        self.most.fetch_max(open, Ordering::Relaxed);
        if *self.away.borrow() {
            self.world().calls_away.push(what);
        } else {
            self.world().calls.push(what);
        }
        let time = self.pace().request;
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
        call
    }

    pub(super) fn creation(&self) -> Duration {
        self.pace().creation
    }

    pub(super) fn shared(&self) -> Arc<Mutex<World>> {
        Arc::clone(&self.world)
    }

    fn pace(&self) -> MutexGuard<'_, Slowness> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
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
