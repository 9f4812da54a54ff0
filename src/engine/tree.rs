use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::images::{Images, Problem};
use crate::model::SnapshotId;
use crate::plan::{Context, ImageRef, Label, Plan, TreeFiles, TreeLayer, delta_upload, label};
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
    pub image: String,
    /// What to upload before the start to make it this tree.
    pub upload: Option<Context>,
}

/// The tree layers of a run.
#[derive(Debug, Default)]
pub struct Layers(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// The layers that cells start on.
    used: BTreeSet<String>,
    /// The families that got a new layer.
    grown: BTreeSet<Vec<Label>>,
}

impl Layers {
    /// Makes sure that an image with this tree is there: the layer itself, or
    /// one of an earlier tree and what is different since.
    pub async fn prepare(
        &self,
        images: &Images,
        runtime: &dyn Runtime,
        plan: &Plan,
        parent: &str,
        tree: &Arc<dyn TreeFiles>,
    ) -> Result<PreparedTree, Problem> {
        let layer = TreeLayer::new(&ImageRef::new(parent), tree, &plan.runner);
        let made_before = images.has_made(&layer.tag);
        let prepared = if runtime.image(&layer.tag).await?.is_some() {
            tree.remember();
            PreparedTree::whole(&layer)
        } else if let Some(near) = nearest(&runtime.images(&layer.family).await?, tree) {
            near
        } else {
            if made_before {
                // Another run took it away.
                images.forget(&layer.tag);
            }
            let name = format!("tree {} on {}", tree.id().short(), short(parent));
            images
                .once(&layer.tag, &name, || make(runtime, plan, &layer))
                .await?;
            tree.remember();
            self.seen().grown.insert(layer.family.clone());
            PreparedTree::whole(&layer)
        };
        if self.seen().used.insert(prepared.image.clone()) {
            images.used(&prepared.image).await;
        }
        Ok(prepared)
    }

    /// Removes the oldest layers of families that grew, but none that a cell of
    /// this run started on: the next run may well want the same.
    pub async fn forget_oldest(&self, runtime: &dyn Runtime) {
        let Seen { used, grown } = std::mem::take(&mut *self.seen());
        for family in grown {
            let Ok(mut layers) = runtime.images(&family).await else {
                continue;
            };
            layers.sort_by_key(|layer| std::cmp::Reverse(layer.created));
            let old = layers.iter().skip(KEPT_LAYERS);
            for layer in old {
                if !layer.tags.iter().any(|tag| is_among(tag, &used)) {
                    // What a container of another run stands on stays until next
                    // time; a cell of it that still waits makes it anew.
                    let name = layer.tags.first().unwrap_or(&layer.id);
                    let _ = runtime.remove_image(name).await;
                }
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PreparedTree {
    fn whole(layer: &TreeLayer) -> Self {
        Self {
            image: layer.tag.clone(),
            upload: None,
        }
    }
}

/// The layer from which the fewest files are different, if they are few.
fn nearest(layers: &[Image], tree: &Arc<dyn TreeFiles>) -> Option<PreparedTree> {
    let (image, delta) = layers
        .iter()
        .filter_map(|layer| {
            let earlier = SnapshotId::new(layer.label(label::SNAPSHOT)?);
            Some((layer.tags.first()?, tree.delta_from(&earlier)?))
        })
        .min_by_key(|(_, delta)| delta.len())?;
    (delta.len() <= DELTA_FILES).then(|| PreparedTree {
        image: image.clone(),
        upload: Some(delta_upload(tree, delta)),
    })
}

/// Whether a tag as an engine lists it, which may put its registry before it, is
/// one of these.
fn is_among(listed: &str, tags: &BTreeSet<String>) -> bool {
    let same = |tag: &String| {
        let registry = listed.strip_suffix(tag.as_str());
        registry.is_some_and(|registry| registry.is_empty() || registry.ends_with('/'))
    };
    tags.iter().any(same)
}

async fn make(runtime: &dyn Runtime, plan: &Plan, layer: &TreeLayer) -> Result<(), RuntimeError> {
    let id = runtime.create(&layer.container(plan)).await?;
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
        runtime.keep(&id, &layer.tag, &layer.labels).await?;
        Ok(())
    };
    let kept = kept.await;
    // Removed with the run if not now.
    let _ = runtime.remove(&id).await;
    kept
}

/// `djbuild/python3.14-sqlite:0123…` as a person names it.
fn short(tag: &str) -> &str {
    let name = tag.split(':').next().unwrap_or(tag);
    name.rsplit('/').next().unwrap_or(name)
}
