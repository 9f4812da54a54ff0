use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git2::{Repository, Status, StatusOptions};

use super::aside::Aside;
use super::commit::{BranchGlobs, snapshot_commit};
use super::snapshot::{list_files, read_as_listed};
use super::{Manifest, Snapshot, SourceError};
use crate::model::Revision;

const MARKS: [&str; 2] = ["tests/runtests.py", "django/__init__.py"];

/// The Django checkout that `start` is in, if it is in one.
pub fn find_checkout(start: &Path) -> Option<PathBuf> {
    let repository = Repository::discover(start).ok()?;
    let folder = repository.workdir()?.to_owned();
    MARKS
        .iter()
        .all(|mark| folder.join(mark).is_file())
        .then_some(folder)
}

/// The working tree of a checkout: tracked files as they are on disk, deletions,
/// and new files that git does not ignore.
///
/// # Errors
/// When the folder is no git checkout of Django, or a file cannot be read.
pub fn snapshot_checkout(folder: &Path) -> Result<Snapshot, SourceError> {
    let place = folder.display().to_string();
    let git = || SourceError::git(folder.display().to_string());
    let repository = match Repository::discover(folder) {
        Err(error) if error.code() == git2::ErrorCode::NotFound => {
            return Err(SourceError::NotDjango {
                place,
                missing: ".git (a checkout is expected here)",
            });
        }
        found => found.map_err(git())?,
    };
    let root = repository
        .workdir()
        .ok_or_else(|| SourceError::Git {
            place: place.clone(),
            message: "this is a bare repository; pass it as a git URL (file://…)".to_owned(),
        })?
        .to_owned();
    for mark in MARKS {
        if !root.join(mark).is_file() {
            return Err(SourceError::NotDjango {
                place,
                missing: mark,
            });
        }
    }

    let mut paths: Vec<Vec<u8>> = repository
        .index()
        .map_err(git())?
        .iter()
        .map(|entry| entry.path)
        .collect();
    let mut options = StatusOptions::new();
    options
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .include_ignored(false);
    let statuses = repository.statuses(Some(&mut options)).map_err(git())?;
    let untracked = statuses
        .iter()
        .filter(|status| status.status().contains(Status::WT_NEW))
        .map(|status| status.path_bytes().to_vec());
    paths.extend(untracked);
    paths.sort_unstable();
    paths.dedup();

    let manifest = list_files(&root, &paths)?;
    let aside = uncommitted(&repository, &root, &manifest)?;
    let revision = Revision {
        source: place,
        branch: branch_name(&repository, &root),
        commit: repository
            .head()
            .and_then(|head| head.peel_to_commit())
            .ok()
            .map(|commit| commit.id().to_string()),
        modified: statuses.len(),
        snapshot: manifest.id(),
    };
    let git_folder = repository.path().to_owned();
    Ok(Snapshot::of_blobs(revision, manifest, git_folder, aside))
}

/// The branches of a checkout that match one of the globs, as committed,
/// sorted by name.
///
/// # Errors
/// When the folder is no git checkout, or there is no Django in a branch.
pub fn snapshot_branches(folder: &Path, globs: &[String]) -> Result<Vec<Snapshot>, SourceError> {
    let place = folder.display().to_string();
    let git = || SourceError::git(place.clone());
    let repository = Repository::discover(folder).map_err(git())?;
    let wanted = BranchGlobs::new(globs);
    let mut commits = BTreeMap::new();
    for branch in repository
        .branches(Some(git2::BranchType::Local))
        .map_err(git())?
    {
        let (branch, _) = branch.map_err(git())?;
        let name = String::from_utf8_lossy(branch.name_bytes().map_err(git())?).into_owned();
        if wanted.match_name(&name) {
            let commit = branch.get().peel_to_commit().map_err(git())?;
            commits.insert(name, commit);
        }
    }
    commits
        .iter()
        .map(|(name, commit)| snapshot_commit(&repository, &place, name, commit))
        .collect()
}

/// Puts aside what git does not keep yet: a run may take hours, and its user
/// goes on editing.
fn uncommitted(
    repository: &Repository,
    root: &Path,
    manifest: &Manifest,
) -> Result<Aside, SourceError> {
    let git = || SourceError::git(root.display().to_string());
    let mut aside = Aside::new().map_err(SourceError::io(std::env::temp_dir()))?;
    let blobs = repository.odb().map_err(git())?;
    for (path, entry) in manifest.iter() {
        let id = git2::Oid::from_bytes(&entry.blob).map_err(git())?;
        if !blobs.exists(id) {
            let bytes = read_as_listed(root, path, entry)?;
            aside
                .put(path, &bytes)
                .map_err(SourceError::io(std::env::temp_dir()))?;
        }
    }
    Ok(aside)
}

/// The branch checked out; the folder's name where HEAD is detached or unborn,
/// for a cell has to be called something.
fn branch_name(repository: &Repository, root: &Path) -> String {
    let branch = repository
        .head()
        .ok()
        .filter(git2::Reference::is_branch)
        .map(|head| String::from_utf8_lossy(head.shorthand_bytes()).into_owned());
    branch.unwrap_or_else(|| {
        root.file_name().map_or_else(
            || "worktree".to_owned(),
            |name| String::from_utf8_lossy(name.as_bytes()).into_owned(),
        )
    })
}
