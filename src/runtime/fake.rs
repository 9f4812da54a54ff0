//! A container engine in memory: stateful, scripted, and honest about what is
//! left in it. For tests of what the engine room decides; whether Docker
//! behaves like this is for tests on Docker.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use super::{
    Build, BuildError, BuildLine, ByteStream, Capabilities, Exit, Image, Output, OutputStream,
    Resource, Runtime, RuntimeError,
};
use crate::plan::{Container, Context, Label, Network};

/// What a container does, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Writes a line to its standard output.
    Say(String),
    /// Writes a line to its standard error.
    Log(String),
    /// Lets time pass.
    Wait(Duration),
    /// Ends.
    Exit(i64),
    /// Is killed by the kernel for its memory.
    OutOfMemory,
    /// Writes to its standard error for ever.
    Flood,
}

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
    failing_build: Option<String>,
    down: bool,
    next: u32,
}

struct Running {
    container: Container,
    state: watch::Sender<State>,
}

#[derive(Default)]
struct State {
    written: Vec<Output>,
    exit: Option<Exit>,
    removed: bool,
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

    /// Every container created so far, in order.
    pub fn created(&self) -> Vec<Container> {
        self.world().created.clone()
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

fn end(state: &watch::Sender<State>, code: i64, out_of_memory: bool) {
    state.send_modify(|state| {
        state.exit.get_or_insert(Exit {
            code,
            out_of_memory,
            error: String::new(),
        });
    });
}

async fn play(steps: Vec<Step>, state: watch::Sender<State>) {
    let write = |output: Output| {
        state.send_modify(|state| {
            if state.exit.is_none() {
                state.written.push(output);
            }
        });
    };
    for step in steps {
        match step {
            Step::Say(line) => write(Output::Stdout(format!("{line}\n").into_bytes())),
            Step::Log(line) => write(Output::Stderr(format!("{line}\n").into_bytes())),
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Exit(code) => return end(&state, code, false),
            Step::OutOfMemory => return end(&state, 137, true),
            Step::Flood => {
                while state.borrow().exit.is_none() && !state.borrow().removed {
                    write(Output::Stderr(vec![b'x'; 4096]));
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }
    std::future::pending::<()>().await;
}

#[async_trait]
impl Runtime for Fake {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Official images are always there; those of djbuild once they are built.
    async fn image(&self, tag: &str) -> Result<Option<Image>, RuntimeError> {
        let world = self.up()?;
        if !tag.starts_with("djbuild/") {
            return Ok(Some(Image {
                id: format!("id of {tag}"),
                ..Image::default()
            }));
        }
        Ok(world.images.get(tag).cloned())
    }

    async fn images(&self, labels: &[Label]) -> Result<Vec<Image>, RuntimeError> {
        let world = self.up()?;
        let matching = world
            .images
            .values()
            .filter(|image| labels.iter().all(|label| image.labels.contains(label)));
        Ok(matching.cloned().collect())
    }

    async fn pull(&self, reference: &str) -> Result<(), RuntimeError> {
        Err(RuntimeError::Missing(reference.to_owned()))
    }

    async fn import(
        &self,
        tag: &str,
        labels: &[Label],
        archive: ByteStream,
    ) -> Result<(), RuntimeError> {
        archive.for_each(|_| std::future::ready(())).await;
        let mut world = self.up()?;
        let image = new_image(&mut world, tag, labels);
        world.images.insert(tag.to_owned(), image);
        Ok(())
    }

    async fn build(
        &self,
        build: Build,
        log: &(dyn Fn(BuildLine) + Send + Sync),
    ) -> Result<(), BuildError> {
        log(BuildLine {
            step: Some((1, 1)),
            text: "Step 1/1 : RUN everything".to_owned(),
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut world = self.up()?;
        if world
            .failing_build
            .as_ref()
            .is_some_and(|part| build.tag.contains(part))
        {
            return Err(BuildError::Step("returned a non-zero code: 1".to_owned()));
        }
        world.builds.push(build.tag.clone());
        let image = new_image(&mut world, &build.tag, &build.labels);
        world.images.insert(build.tag, image);
        Ok(())
    }

    async fn remove_image(&self, tag: &str) -> Result<(), RuntimeError> {
        self.up()?.images.remove(tag);
        Ok(())
    }

    async fn create_network(&self, network: &Network) -> Result<(), RuntimeError> {
        self.up()?
            .networks
            .insert(network.name.clone(), network.clone());
        Ok(())
    }

    async fn remove_network(&self, name: &str) -> Result<(), RuntimeError> {
        self.up()?.networks.remove(name);
        Ok(())
    }

    async fn networks(&self, label: &str) -> Result<Vec<Resource>, RuntimeError> {
        let world = self.up()?;
        let networks = world.networks.values().map(|network| Resource {
            id: network.name.clone(),
            name: network.name.clone(),
            labels: network.labels.clone(),
        });
        Ok(networks
            .filter(|resource| resource.label(label).is_some())
            .collect())
    }

    async fn create(&self, container: &Container) -> Result<String, RuntimeError> {
        let mut world = self.up()?;
        if !world.networks.contains_key(&container.network) {
            return Err(RuntimeError::Missing(container.network.clone()));
        }
        if !world.images.contains_key(&container.image) {
            return Err(RuntimeError::Missing(container.image.clone()));
        }
        world.next += 1;
        let id = format!("container-{}", world.next);
        world.created.push(container.clone());
        let running = Running {
            container: container.clone(),
            state: watch::channel(State::default()).0,
        };
        world.containers.insert(id.clone(), running);
        Ok(id)
    }

    async fn upload(&self, container: &str, context: Context) -> Result<(), RuntimeError> {
        self.state(container)?;
        context
            .write(std::io::sink())
            .map_err(|error| RuntimeError::Refused {
                action: "upload".to_owned(),
                message: error.to_string(),
            })
    }

    async fn commit(
        &self,
        container: &str,
        tag: &str,
        labels: &[Label],
    ) -> Result<(), RuntimeError> {
        self.state(container)?;
        let mut world = self.up()?;
        world.builds.push(tag.to_owned());
        let image = new_image(&mut world, tag, labels);
        world.images.insert(tag.to_owned(), image);
        Ok(())
    }

    async fn start(&self, container: &str) -> Result<(), RuntimeError> {
        let world = self.up()?;
        let running = world
            .containers
            .get(container)
            .ok_or_else(|| RuntimeError::Missing(container.to_owned()))?;
        let steps = (self.script)(&running.container);
        tokio::spawn(play(steps, running.state.clone()));
        Ok(())
    }

    async fn output(&self, container: &str) -> Result<OutputStream, RuntimeError> {
        let state = self.state(container)?;
        let follow = stream::unfold((state, 0), |(mut state, index)| async move {
            let ready = state.wait_for(|state| {
                state.written.len() > index || state.exit.is_some() || state.removed
            });
            let output = ready.await.ok()?.written.get(index).cloned()?;
            Some((Ok(output), (state, index + 1)))
        });
        Ok(Box::pin(follow))
    }

    async fn wait(&self, container: &str) -> Result<Exit, RuntimeError> {
        let mut state = self.state(container)?;
        let gone = || RuntimeError::Missing(container.to_owned());
        let ended = state
            .wait_for(|state| state.exit.is_some() || state.removed)
            .await
            .map_err(|_| gone())?;
        if ended.removed {
            return Err(gone());
        }
        ended.exit.clone().ok_or_else(gone)
    }

    async fn stop(&self, container: &str, _grace: Duration) -> Result<(), RuntimeError> {
        if let Some(running) = self.up()?.containers.get(container) {
            end(&running.state, 143, false);
        }
        Ok(())
    }

    async fn remove(&self, container: &str) -> Result<(), RuntimeError> {
        if let Some(running) = self.up()?.containers.remove(container) {
            running.state.send_modify(|state| state.removed = true);
        }
        Ok(())
    }

    async fn containers(&self, label: &str) -> Result<Vec<Resource>, RuntimeError> {
        let world = self.up()?;
        let containers = world.containers.iter().map(|(id, running)| Resource {
            id: id.clone(),
            name: running.container.name.clone(),
            labels: running.container.labels.clone(),
        });
        Ok(containers
            .filter(|resource| resource.label(label).is_some())
            .collect())
    }

    async fn volumes(&self, _label: &str) -> Result<Vec<Resource>, RuntimeError> {
        self.up().map(|_| Vec::new())
    }

    async fn remove_volume(&self, _name: &str) -> Result<(), RuntimeError> {
        self.up().map(|_| ())
    }
}

fn new_image(world: &mut World, tag: &str, labels: &[Label]) -> Image {
    world.next += 1;
    Image {
        id: format!("image-{}", world.next),
        tags: vec![tag.to_owned()],
        labels: labels.to_vec(),
        created: i64::from(world.next),
    }
}
