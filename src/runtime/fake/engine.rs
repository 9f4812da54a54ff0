use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use super::container::{State, end, play};
use super::{Fake, Running, World};
use crate::plan::{Container, Context, Label, Network};
use crate::runtime::{
    Build, BuildError, BuildLine, ByteStream, Capabilities, Exit, Image, OutputStream, Resource,
    Runtime, RuntimeError,
};

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
        let image = new_image(&mut world, &build.tag, &[]);
        world.images.insert(build.tag, image);
        Ok(())
    }

    async fn remove_image(&self, tag: &str) -> Result<(), RuntimeError> {
        self.up()?.images.remove(tag);
        Ok(())
    }

    async fn create_network(&self, network: &Network) -> Result<(), RuntimeError> {
        let mut world = self.up()?;
        world.networks_created.push(network.clone());
        world.networks.insert(network.name.clone(), network.clone());
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
        if let Some(network) = &container.network
            && !world.networks.contains_key(network)
        {
            return Err(RuntimeError::Missing(network.clone()));
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
        self.up()?.uploads += 1;
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
        ..Image::default()
    }
}
