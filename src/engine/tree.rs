use std::sync::Arc;

use super::caller::Caller;
use super::images::{Images, Ready};
use super::making::{Making, given_up};
use super::memo::{Listeners, Memo};
use super::presence::Presence;
use super::problem::Problem;
use super::retry::persist;
use crate::model::SnapshotId;
use crate::plan::{Context, ImageRef, Plan, TreeFiles, TreeLayer, delta_upload, label};
use crate::runtime::{Image, Runtime, RuntimeError};

/// A delta of more files than this is worth a layer of its own.
const DELTA_FILES: usize = 400;
/// Layers kept of a family: on the same test image, with the same runner. Older
/// ones go after a run that made a new one.
const KEPT_LAYERS: usize = 6;

/// A tree that a cell can start on.
#[derive(Debug, Clone)]
pub struct PreparedTree {
    /// The image with the tree, or with one near to it.
    pub image: ImageRef,
    /// Its name.
    name: String,
    /// What to deliver before the start to make it this tree.
    pub upload: Option<Context>,
}

/// The trees of an engine, as layers on test images.
pub struct Layers {
    runtime: Arc<dyn Runtime>,
    presence: Arc<Presence>,
    prepared: Memo<PreparedTree>,
}

impl Layers {
    pub fn new(runtime: Arc<dyn Runtime>, presence: Arc<Presence>) -> Self {
        Self {
            runtime,
            presence,
            prepared: Memo::default(),
        }
    }

    /// Makes sure that an image with this tree is there: the layer itself, or
    /// one of an earlier tree and what is different since.
    pub async fn prepare(
        &self,
        images: &Images,
        plan: &Plan,
        parent: &Ready,
        tree: &Arc<dyn TreeFiles>,
        caller: &Caller,
    ) -> Result<PreparedTree, Problem> {
        let name = format!(
            "tree {} on {}",
            tree.id().short(),
            parent.image.short_name()
        );
        let preparing = |listeners: Listeners| {
            let name = &name;
            async move {
                let layer = TreeLayer::new(&parent.image, tree, &plan.runner);
                let told = (name.as_str(), &listeners);
                let find = || self.find_or_make(images, plan, &layer, tree, caller, told);
                let found = persist(name, &self.presence, caller, find).await;
                if let Err(problem) = &found
                    && !problem.is_gone()
                {
                    given_up(name, problem, &listeners);
                }
                found
            }
        };
        let key = key(plan, parent, tree);
        let prepared = self.prepared.get(&key, caller, preparing).await;
        if prepared.as_ref().is_err_and(Problem::is_gone) {
            // The test image it was to be on: whoever tries again makes that first.
            self.prepared.forget(&key);
        }
        let prepared = prepared?;
        caller.stand_on(&prepared.name);
        Ok(prepared)
    }

    /// Makes sure that it is looked for once more, for it is gone.
    pub fn forget(&self, plan: &Plan, parent: &Ready, tree: &Arc<dyn TreeFiles>) {
        self.prepared.forget(&key(plan, parent, tree));
    }

    /// Lets go of the trees of runs that have ended: a new one comes with each commit.
    pub fn tidy(&self) {
        self.prepared.tidy();
    }

    async fn find_or_make(
        &self,
        images: &Images,
        plan: &Plan,
        layer: &TreeLayer,
        tree: &Arc<dyn TreeFiles>,
        caller: &Caller,
        (name, listeners): (&str, &Listeners),
    ) -> Result<PreparedTree, Problem> {
        let runtime = self.runtime.as_ref();
        {
            let _question = images.question().await;
            if let Some(there) = runtime.image(&layer.tag).await? {
                tree.remember();
                return Ok(PreparedTree::whole(layer, there.reference));
            }
            if let Some(near) = nearest(&runtime.images(&layer.family).await?, tree) {
                return Ok(near);
            }
        }
        let _slot = images.slot().await;
        let making = Making::begin(name, listeners);
        let image = make(&self.runtime, plan, layer, caller).await?;
        making.end();
        tree.remember();
        caller.grow(&layer.family);
        Ok(PreparedTree::whole(layer, image))
    }

    /// Removes the oldest layers of families that grew for this run, but none that
    /// it started on: the next run may well want the same.
    pub async fn forget_oldest(&self, caller: &Caller) {
        for family in caller.grown() {
            let Ok(mut layers) = self.runtime.images(&family).await else {
                continue;
            };
            layers.sort_by_key(|layer| std::cmp::Reverse(layer.created));
            for layer in layers.iter().skip(KEPT_LAYERS) {
                if !layer.tags.iter().any(|tag| caller.stands_on(tag)) {
                    // What a container of another run stands on stays until next
                    // time; a cell of it that still waits makes it anew.
                    let name = layer.tags.first().unwrap_or(&layer.id);
                    let _ = self.runtime.remove_image(name).await;
                }
            }
        }
    }
}

impl PreparedTree {
    fn whole(layer: &TreeLayer, image: ImageRef) -> Self {
        Self {
            image,
            name: layer.tag.clone(),
            upload: None,
        }
    }
}

fn key(plan: &Plan, parent: &Ready, tree: &Arc<dyn TreeFiles>) -> String {
    format!("{} {} {}", parent.name, tree.id(), plan.runner.key())
}

/// The layer from which the fewest files are different, if they are few.
fn nearest(layers: &[Image], tree: &Arc<dyn TreeFiles>) -> Option<PreparedTree> {
    let (image, name, delta) = layers
        .iter()
        .filter_map(|layer| {
            let earlier = SnapshotId::new(layer.label(label::SNAPSHOT)?);
            let delta = tree.delta_from(&earlier)?;
            Some((&layer.reference, layer.tags.first()?, delta))
        })
        .min_by_key(|(_, _, delta)| delta.len())?;
    (delta.len() <= DELTA_FILES).then(|| PreparedTree {
        image: image.clone(),
        name: name.clone(),
        upload: Some(delta_upload(tree, delta)),
    })
}

async fn make(
    runtime: &Arc<dyn Runtime>,
    plan: &Plan,
    layer: &TreeLayer,
    caller: &Caller,
) -> Result<ImageRef, RuntimeError> {
    let container = layer.container(plan);
    // Of an earlier try, whose answer was lost.
    runtime.remove(&container.name).await?;
    let creator = Arc::clone(runtime);
    let creation = async move { creator.create(&container).await };
    let id = caller.create(creation).await?;
    let kept = async {
        runtime.deliver(&id, layer.upload.clone()).await?;
        runtime.start(&id).await?;
        let exit = runtime.wait(&id).await?;
        if exit.code != 0 {
            return Err(RuntimeError::Refused {
                action: format!("compile the bytecode of {}", layer.tag),
                message: format!("it ended with exit status {}", exit.code),
            });
        }
        runtime.keep(&id, &layer.tag, &layer.labels).await
    };
    let kept = kept.await;
    // Removed with the run if not now.
    let _ = runtime.remove(&id).await;
    kept
}
