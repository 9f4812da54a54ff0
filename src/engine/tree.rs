use std::sync::Arc;

use super::images::{Images, Problem};
use crate::plan::{
    CELL_USER, Context, DELETED_LIST, Part, Plan, TREE_FOLDER, TreeDelta, TreeFiles, label,
    tree_layer,
};
use crate::runtime::Runtime;

/// A delta of more files than this is worth a layer of its own.
const DELTA_FILES: usize = 400;
/// Layers kept for each test image; older ones go when a new one is made.
const KEPT_LAYERS: usize = 6;

/// A tree that a cell can start on.
#[derive(Debug, Clone)]
pub struct PreparedTree {
    /// The image with the tree, or with one near to it.
    pub image: String,
    /// What to upload before the start to make it this tree.
    pub upload: Option<Context>,
}

/// Makes sure that an image with this tree is there: the layer itself, or one
/// of an earlier tree and what is different since.
pub async fn prepare(
    images: &Images,
    runtime: &dyn Runtime,
    plan: &Plan,
    parent: &str,
    tree: &Arc<dyn TreeFiles>,
) -> Result<PreparedTree, Problem> {
    let context = plan.tree_layer.clone().with(Part::Tree {
        folder: TREE_FOLDER.to_owned(),
        files: Arc::clone(tree),
    });
    let (tag, mut labels) = tree_layer(parent, &context);
    if runtime.image(&tag).await?.is_some() {
        tree.remember();
        return Ok(PreparedTree {
            image: tag,
            upload: None,
        });
    }
    let layers = runtime.images(&labels).await?;
    let nearest = layers
        .iter()
        .filter_map(|layer| {
            let earlier = crate::model::SnapshotId::new(layer.label(label::SNAPSHOT)?);
            let delta = tree.delta_from(&earlier)?;
            Some((layer.tags.first()?, delta))
        })
        .min_by_key(|(_, delta)| delta.len());
    if let Some((layer, delta)) = nearest
        && delta.len() <= DELTA_FILES
    {
        return Ok(PreparedTree {
            image: layer.clone(),
            upload: Some(upload(tree, delta)),
        });
    }

    labels.push((label::SNAPSHOT.to_owned(), tree.id().to_string()));
    let name = format!("tree {} on {}", tree.id().short(), short(parent));
    let image = images
        .ensure_on(&name, &tag, parent, context, labels)
        .await?;
    tree.remember();
    let mut old = layers;
    old.sort_by_key(|layer| std::cmp::Reverse(layer.created));
    for layer in old.iter().skip(KEPT_LAYERS - 1) {
        for tag in &layer.tags {
            // Another run may be using it; then it stays until next time.
            let _ = runtime.remove_image(tag).await;
        }
    }
    Ok(PreparedTree {
        image,
        upload: None,
    })
}

fn upload(tree: &Arc<dyn TreeFiles>, delta: TreeDelta) -> Context {
    let mut deleted = Vec::new();
    for path in &delta.deleted {
        deleted.extend_from_slice(path);
        deleted.push(0);
    }
    Context::default()
        .with_file(DELETED_LIST, deleted)
        .with(Part::Delta {
            folder: TREE_FOLDER.to_owned(),
            files: Arc::clone(tree),
            delta,
            owner: CELL_USER,
        })
}

/// `djbuild/python3.14-sqlite:0123…` as a person names it.
fn short(tag: &str) -> &str {
    let name = tag.split(':').next().unwrap_or(tag);
    name.rsplit('/').next().unwrap_or(name)
}
