use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use super::container::{Life, end, play};
use super::handle::Fake;
use super::world::{Running, new_image};
use djbuild::plan::{Container, Context, ImageRef, Label, Network};
use djbuild::runtime::{
    Build, BuildError, BuildLine, ByteStream, Capabilities, ContainerPhase, Containers, Exit,
    Image, Images, Networks, Output, OutputStream, PullError, Resource, Runtime, RuntimeError,
    State,
};

#[async_trait]
impl Runtime for Fake {
    fn capabilities(&self) -> &Capabilities {
        self.described()
    }

    async fn ping(&self) -> Result<(), RuntimeError> {
        self.up().map(|_| ())
    }
}

#[async_trait]
impl Images for Fake {
    /// Official images are always there; those of djbuild once they are built.
    async fn image(&self, name: &str) -> Result<Option<Image>, RuntimeError> {
        let world = self.up()?;
        if !name.starts_with("djbuild/") {
            return Ok(Some(Image {
                reference: ImageRef::new(name),
                id: format!("id of {name}"),
                ..Image::default()
            }));
        }
        Ok(world.images.get(name).cloned())
    }

    async fn images(&self, labels: &[Label]) -> Result<Vec<Image>, RuntimeError> {
        let world = self.up()?;
        let matching = world
            .images
            .values()
            .filter(|image| labels.iter().all(|label| image.labels.contains(label)));
        Ok(matching.cloned().collect())
    }

    async fn pull(&self, name: &str) -> Result<ImageRef, PullError> {
        drop(self.up()?);
        Err(PullError::NotThere(format!("{name}: manifest unknown")))
    }

    async fn import(
        &self,
        name: &str,
        labels: &[Label],
        archive: ByteStream,
    ) -> Result<ImageRef, RuntimeError> {
        archive.for_each(|_| std::future::ready(())).await;
        Ok(new_image(&mut *self.up()?, name, labels))
    }

    async fn build(
        &self,
        build: Build,
        log: &(dyn Fn(BuildLine) + Send + Sync),
    ) -> Result<ImageRef, BuildError> {
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
        Ok(new_image(&mut world, &build.tag, &[]))
    }

    async fn keep(
        &self,
        container: &str,
        name: &str,
        labels: &[Label],
    ) -> Result<ImageRef, RuntimeError> {
        self.life(container)?;
        let mut world = self.up()?;
        world.builds.push(name.to_owned());
        Ok(new_image(&mut world, name, labels))
    }

    async fn remove_image(&self, name: &str) -> Result<(), RuntimeError> {
        self.up()?.images.remove(name);
        Ok(())
    }
}

#[async_trait]
impl Networks for Fake {
    async fn create_network(&self, network: &Network) -> Result<(), RuntimeError> {
        let delays = {
            let mut world = self.up()?;
            world.networks_created.push(network.clone());
            std::mem::take(&mut world.delays_network)
        };
        if delays {
            self.set_away(true);
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.set_away(false);
            self.late.lock().expect("no panic").push(network.clone());
            return Err(RuntimeError::Unreachable("connection reset".to_owned()));
        }
        self.add_network(network);
        for late in self.late.lock().expect("no panic").drain(..) {
            self.add_network(&late);
        }
        Ok(())
    }

    async fn remove_network(&self, name: &str) -> Result<(), RuntimeError> {
        let mut world = self.up()?;
        if world.busy_network > 0 {
            world.busy_network -= 1;
            return Err(RuntimeError::Refused {
                action: "remove a network".to_owned(),
                message: "has active endpoints".to_owned(),
            });
        }
        world.networks.remove(name);
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

    async fn volumes(&self, _label: &str) -> Result<Vec<Resource>, RuntimeError> {
        self.up().map(|_| Vec::new())
    }

    async fn remove_volume(&self, _name: &str) -> Result<(), RuntimeError> {
        self.up().map(|_| ())
    }
}

#[async_trait]
impl Containers for Fake {
    async fn create(&self, container: &Container) -> Result<String, RuntimeError> {
        let mut world = self.up()?;
        if let Some(network) = &container.network
            && !world.networks.contains_key(network)
        {
            return Err(RuntimeError::Missing(network.clone()));
        }
        if let Some(network) = &container.network
            && world.ambiguous.contains(network)
        {
            return Err(RuntimeError::Refused {
                action: "start a container".to_owned(),
                message: format!("network {network} is ambiguous (2 matches found on name)"),
            });
        }
        if !world.images.contains_key(container.image.as_str()) {
            return Err(RuntimeError::Missing(container.image.to_string()));
        }
        world.next += 1;
        let id = format!("container-{}", world.next);
        world.created.push(container.clone());
        let running = Running {
            container: container.clone(),
            life: watch::channel(Life::default()).0,
        };
        world.containers.insert(id.clone(), running);
        Ok(id)
    }

    async fn deliver(&self, container: &str, files: Context) -> Result<(), RuntimeError> {
        self.life(container)?;
        self.up()?.uploads += 1;
        files
            .write(std::io::sink())
            .map_err(|error| RuntimeError::Refused {
                action: "upload".to_owned(),
                message: error.to_string(),
            })
    }

    async fn start(&self, container: &str) -> Result<(), RuntimeError> {
        let mut world = self.up()?;
        let world = &mut *world;
        let running = world
            .containers
            .get(container)
            .ok_or_else(|| RuntimeError::Missing(container.to_owned()))?;
        let is_cell = running.container.environment.contains_key("DJBUILD_CELL");
        if running.life.send_if_modified(Life::begin) {
            let steps = self.script_of(&running.container);
            tokio::spawn(play(steps, running.life.clone()));
        }
        if is_cell && std::mem::take(&mut world.loses_start) {
            self.set_away(true);
            return Err(RuntimeError::Unreachable("connection reset".to_owned()));
        }
        Ok(())
    }

    /// Breaks off when the engine goes away, and begins anew for who asks again.
    async fn output(&self, container: &str) -> Result<OutputStream, RuntimeError> {
        let start = (self.life(container)?, self.away(), 0);
        let follow = stream::unfold(Some(start), |following| async move {
            let (mut life, mut away, index) = following?;
            let output = {
                let ready = life.wait_for(|life| {
                    let has_ended = life.exit.is_some() || life.removed || life.log_ends;
                    has_ended || life.written.len() > index
                });
                tokio::select! {
                    biased;
                    error = broken(&mut away) => return Some((Err(error), None)),
                    ready = ready => ready.ok()?.written.get(index).cloned()?,
                }
            };
            Some((Ok(output), Some((life, away, index + 1))))
        });
        Ok(Box::pin(follow))
    }

    async fn wait(&self, container: &str) -> Result<Exit, RuntimeError> {
        let (mut life, mut away) = (self.life(container)?, self.away());
        let gone = || RuntimeError::Missing(container.to_owned());
        let ended = tokio::select! {
            biased;
            error = broken(&mut away) => return Err(error),
            ended = life.wait_for(|life| life.exit.is_some() || life.removed) => {
                ended.map_err(|_| gone())?
            }
        };
        if ended.removed {
            return Err(gone());
        }
        ended.exit.clone().ok_or_else(gone)
    }

    async fn state(&self, container: &str) -> Result<Option<State>, RuntimeError> {
        let world = self.up()?;
        let Some(running) = world.containers.get(container) else {
            return Ok(None);
        };
        let life = running.life.borrow();
        Ok(Some(State {
            phase: match (life.started, &life.exit) {
                (_, Some(_)) => ContainerPhase::Exited,
                (true, None) => ContainerPhase::Running,
                (false, None) => ContainerPhase::Created,
            },
            exit: life.exit.clone(),
            out_of_memory: life.out_of_memory,
        }))
    }

    async fn signal(&self, container: &str, signal: &str) -> Result<(), RuntimeError> {
        let mut world = self.up()?;
        let world = &mut *world;
        let running = world
            .containers
            .get(container)
            .ok_or_else(|| RuntimeError::Missing(container.to_owned()))?;
        let name = running.container.name.clone();
        world.signals.push((name, signal.to_owned()));
        let code = match signal {
            "KILL" => 137,
            "TERM" => 143,
            "ABRT" => {
                let words = world.last_words.clone().into_bytes();
                running.life.send_modify(|life| {
                    life.written.push(Output::Stderr(words));
                });
                134
            }
            _ => return Ok(()),
        };
        end(&running.life, code, false);
        Ok(())
    }

    async fn stop(&self, container: &str, _grace: Duration) -> Result<(), RuntimeError> {
        if let Some(running) = self.up()?.containers.get(container) {
            end(&running.life, 143, false);
        }
        Ok(())
    }

    /// By its id or its name.
    async fn remove(&self, container: &str) -> Result<(), RuntimeError> {
        self.up()?.containers.retain(|id, running| {
            let is_it = id == container || running.container.name == container;
            if is_it {
                running.life.send_modify(|life| life.removed = true);
            }
            !is_it
        });
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
}

/// When the engine goes away, if it does.
async fn broken(away: &mut watch::Receiver<bool>) -> RuntimeError {
    if away.wait_for(|away| *away).await.is_err() {
        std::future::pending::<()>().await;
    }
    RuntimeError::Unreachable("connection reset".to_owned())
}
