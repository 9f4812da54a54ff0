use std::path::Path;
use std::sync::Arc;

use super::args::SelectOptions;
use super::error::CliError;
use super::host;
use super::sinks::warn;
use crate::matrix::{Matrix, Releases, Selection, Support, expand};
use crate::progress::Fetching;
use crate::source::{
    Mirror, OnTransfer, Origin, Snapshot, SourceError, Transfer, find_checkout, find_tree,
    snapshot_branches, snapshot_checkout, snapshot_release,
};
use crate::spec::{self, Spec};

/// Where branches come from when nothing else is said.
const DJANGO: &str = "https://github.com/django/django.git";

/// What was asked for: the trees to test and the cells to test them in.
pub struct Asked {
    pub spec: Spec,
    pub snapshots: Vec<Arc<Snapshot>>,
    pub matrix: Matrix,
}

impl Asked {
    /// The tree of a branch of the matrix.
    pub fn snapshot(&self, branch: &str) -> Option<&Arc<Snapshot>> {
        self.snapshots
            .iter()
            .find(|snapshot| snapshot.revision.branch == branch)
    }
}

/// Reads the matrix file and the sources, and works out the cells.
pub fn ask(options: &SelectOptions, cache: &Path, fetching: &Fetching) -> Result<Asked, CliError> {
    let on_transfer = |transfer: &Transfer| {
        fetching.show(&transfer.what, transfer.done, transfer.total, transfer.unit);
    };
    let (name, text) = host::matrix_file(options)?;
    let spec = spec::parse(&name, &text)?;
    let selection = Selection::new(&options.branch, &options.python, &options.database)?;
    let mut snapshots = Vec::new();
    for origin in origins(options)? {
        snapshots.extend(snapshots_of(&origin, options, &spec, cache, &on_transfer)?);
    }
    for (index, snapshot) in snapshots.iter().enumerate() {
        let branch = &snapshot.revision.branch;
        if snapshots[..index]
            .iter()
            .any(|s| s.revision.branch == *branch)
        {
            return Err(CliError::Usage(format!(
                "two sources are both called {branch}; test them in two runs"
            )));
        }
    }
    let mut branches = Vec::new();
    for snapshot in &snapshots {
        let branch = snapshot.revision.branch.clone();
        let support = Support::read(snapshot).map_err(|error| CliError::Support {
            branch: branch.clone(),
            error,
        })?;
        branches.push((branch, support));
    }
    let matrix = expand(&spec, &branches, &Releases::shipped(), &selection);
    Ok(Asked {
        spec,
        snapshots: snapshots.into_iter().map(Arc::new).collect(),
        matrix,
    })
}

fn origins(options: &SelectOptions) -> Result<Vec<Origin>, CliError> {
    if !options.source.is_empty() {
        return Ok(options.source.clone());
    }
    let here = std::env::current_dir().map_err(|error| CliError::Write {
        path: ".".into(),
        error,
    })?;
    if let Some(folder) = find_checkout(&here) {
        return Ok(vec![Origin::Checkout(folder)]);
    }
    if let Some(folder) = find_tree(&here) {
        // Testing another Django than the one at hand would be a false answer.
        return Err(SourceError::NotGit(folder).into());
    }
    let origin = if options.branch.is_empty() {
        Origin::Release(None)
    } else {
        Origin::Git(DJANGO.to_owned())
    };
    warn(&format!("no Django checkout here; taking {origin}"));
    Ok(vec![origin])
}

fn snapshots_of(
    origin: &Origin,
    options: &SelectOptions,
    spec: &Spec,
    cache: &Path,
    on_transfer: &OnTransfer<'_>,
) -> Result<Vec<Snapshot>, CliError> {
    match origin {
        Origin::Release(version) => {
            let index = host::package_index();
            let version = version.as_deref();
            Ok(vec![snapshot_release(&index, version, cache, on_transfer)?])
        }
        Origin::Checkout(folder) if options.branch.is_empty() => {
            let mut snapshot = snapshot_checkout(folder)?;
            if options.source.is_empty() {
                ".".clone_into(&mut snapshot.revision.source);
            }
            Ok(vec![snapshot])
        }
        Origin::Checkout(folder) => {
            let folder = folder.canonicalize().map_err(|error| CliError::Write {
                path: folder.clone(),
                error,
            })?;
            let snapshots = snapshot_branches(&folder, &options.branch)?;
            if snapshots.is_empty() {
                return Err(no_branch(&folder.to_string_lossy(), &options.branch));
            }
            Ok(snapshots)
        }
        Origin::Git(url) => branches_of(url, options, spec, cache, on_transfer),
    }
}

fn branches_of(
    url: &str,
    options: &SelectOptions,
    spec: &Spec,
    cache: &Path,
    on_transfer: &OnTransfer<'_>,
) -> Result<Vec<Snapshot>, CliError> {
    let patterns = if options.branch.is_empty() {
        &spec.branches
    } else {
        &options.branch
    };
    let mirror = Mirror::new(url, &cache.join("git"));
    let branches = mirror.branches(patterns)?;
    if branches.is_empty() {
        return Err(no_branch(url, patterns));
    }
    mirror.fetch(&branches, on_transfer)?;
    let snapshots: Result<Vec<_>, SourceError> = branches
        .iter()
        .map(|branch| mirror.snapshot(branch))
        .collect();
    Ok(snapshots?)
}

fn no_branch(place: &str, patterns: &[String]) -> CliError {
    CliError::Usage(format!(
        "{place} has no branch that matches {}",
        patterns.join(" or ")
    ))
}
