use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;

use super::handle::Fake;
use super::world::{Answer, new_image};
use djbuild::plan::{ImageRef, Label};
use djbuild::runtime::{
    Build, BuildError, BuildLine, ByteStream, Image, Images, PullError, RuntimeError,
};

#[async_trait]
impl Images for Fake {
    /// Official images are always there; those of djbuild once they are built.
    async fn image(&self, name: &str) -> Result<Option<Image>, RuntimeError> {
        let _call = self.call("image").await;
        let world = self.up()?;
        if !name.starts_with("djbuild/") && !world.is_withheld(name) {
            return Ok(Some(Image {
                reference: ImageRef::new(name),
                id: format!("id of {name}"),
                ..Image::default()
            }));
        }
        Ok(world.images.get(name).cloned())
    }

    async fn images(&self, labels: &[Label]) -> Result<Vec<Image>, RuntimeError> {
        let _call = self.call("images").await;
        let world = self.up()?;
        let matching = world
            .images
            .values()
            .filter(|image| labels.iter().all(|label| image.labels.contains(label)));
        Ok(matching.cloned().collect())
    }

    async fn pull(&self, name: &str) -> Result<ImageRef, PullError> {
        let _call = self.call("pull").await;
        let mut world = self.up()?;
        match world.answer(name) {
            Answer::Given => {
                world.withheld.retain(|(part, _)| !name.contains(part));
                Ok(ImageRef::new(name))
            }
            Answer::Not(error) => Err(error),
        }
    }

    async fn import(
        &self,
        name: &str,
        labels: &[Label],
        archive: ByteStream,
    ) -> Result<ImageRef, RuntimeError> {
        let _call = self.call("import").await;
        archive.for_each(|_| std::future::ready(())).await;
        Ok(new_image(&mut *self.up()?, name, labels))
    }

    async fn build(
        &self,
        build: Build,
        log: &(dyn Fn(BuildLine) + Send + Sync),
    ) -> Result<ImageRef, BuildError> {
        let _call = self.call("build").await;
        log(BuildLine {
            step: Some((1, 1)),
            text: "Step 1/1 : RUN everything".to_owned(),
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut world = self.up()?;
        let from = build.arguments.iter().find(|(name, _)| name == "BASE");
        if let Some((_, base)) = from
            && world.is_withheld(base)
        {
            return Err(BuildError::Step(format!("{base}: manifest unknown")));
        }
        if let Some(words) = world.fails(&build.tag) {
            log(BuildLine {
                step: None,
                text: words,
            });
            let message = "The command 'everything' returned a non-zero code: 1";
            return Err(BuildError::Step(message.to_owned()));
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
        let _call = self.call("keep").await;
        self.life(container)?;
        let mut world = self.up()?;
        world.builds.push(name.to_owned());
        Ok(new_image(&mut world, name, labels))
    }

    async fn remove_image(&self, name: &str) -> Result<(), RuntimeError> {
        let _call = self.call("remove_image").await;
        self.up()?.images.remove(name);
        Ok(())
    }
}
