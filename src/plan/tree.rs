use std::collections::BTreeMap;
use std::sync::Arc;

use super::cell::{CELL_USER, CELL_USER_NAME, DELETED_LIST, TREE_FOLDER};
use super::{
    Container, Context, ImageRef, Label, Limits, Part, Plan, Runner, TreeDelta, TreeFiles, image,
    label,
};

/// An image of one tree on top of a test image, with its bytecode. It is made
/// by uploading the tree into a container and keeping what the container then
/// is: one layer. A Dockerfile would make one for each of its steps, and engines
/// without a native overlay compare whole file systems for every layer.
pub struct TreeLayer {
    /// The image it is on top of.
    pub parent: ImageRef,
    /// Its name.
    pub tag: String,
    /// The tree, to be uploaded.
    pub upload: Context,
    /// The labels by which layers on the same image are found.
    pub family: Vec<Label>,
    /// Its own labels.
    pub labels: Vec<Label>,
}

/// Where the runner is, inside a cell's container.
const RUNNER_FOLDER: &str = "djbuild/runner";

/// Compiles what is there, on all cores. Some files of the suite have broken
/// syntax on purpose. Hashes rather than timestamps: a file uploaded over one
/// of these is noticed whatever its time.
const COMPILE: &str = "/venv/bin/python -m compileall -q -j 0 --invalidation-mode checked-hash \
     /django/django /django/tests >/dev/null 2>&1; \
     /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /djbuild/runner";

/// The programs of every image, those of its virtual environment first.
const SEARCH_PATH: &str = "/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What cells find around them: the layer keeps the environment and the user of
/// the container it is made of.
fn environment() -> BTreeMap<String, String> {
    [
        ("PATH", SEARCH_PATH.to_owned()),
        ("PYTHONPATH", format!("/{RUNNER_FOLDER}")),
        ("LANG", "C.UTF-8".to_owned()),
        ("HOME", format!("/home/{CELL_USER_NAME}")),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

impl TreeLayer {
    /// The layer of this tree on this test image, with this runner.
    pub fn new(parent: &ImageRef, tree: &Arc<dyn TreeFiles>, runner: &Runner) -> Self {
        let runner = Context::default().with(Part::Files {
            folder: RUNNER_FOLDER.to_owned(),
            files: runner.files().to_vec(),
            owner: CELL_USER,
        });
        // What the layers that a cell could start on have in common.
        let mut arguments = environment();
        arguments.insert("COMPILE".to_owned(), COMPILE.to_owned());
        let foundation = image::tag("foundation", parent.as_str(), &arguments, &runner);
        let foundation = foundation.rsplit(':').next().unwrap_or_default();
        let upload = runner.with(Part::Tree {
            folder: TREE_FOLDER.to_owned(),
            files: Arc::clone(tree),
            owner: CELL_USER,
        });
        let family = vec![
            (label::CACHE.to_owned(), "tree".to_owned()),
            (label::FOUNDATION.to_owned(), foundation.to_owned()),
        ];
        let mut labels = family.clone();
        labels.push((label::SNAPSHOT.to_owned(), tree.id().to_string()));
        Self {
            parent: parent.clone(),
            tag: image::tag(
                &format!("tree-{}", parent.short_name()),
                parent.as_str(),
                &arguments,
                &upload,
            ),
            upload,
            family,
            labels,
        }
    }

    /// The container that becomes the layer.
    pub fn container(&self, plan: &Plan) -> Container {
        Container {
            name: plan.name(self.tag.trim_start_matches("djbuild/"), 1),
            image: self.parent.clone(),
            command: ["/bin/sh", "-c", COMPILE].map(str::to_owned).to_vec(),
            user: Some(CELL_USER_NAME.to_owned()),
            host: "tree".to_owned(),
            network: None,
            environment: environment(),
            labels: plan.labels((label::SERVICE, "tree")),
            memory_folders: Vec::new(),
            limits: Limits {
                memory: plan.pace.memory,
                pids: 256,
                shared_memory: 64 << 20,
            },
        }
    }
}

/// The upload that makes an earlier tree this tree.
pub fn delta_upload(tree: &Arc<dyn TreeFiles>, delta: TreeDelta) -> Context {
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
