use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git2::{Repository, Status, StatusOptions};

use super::snapshot::list_files;
use super::{Snapshot, SourceError};
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
    Ok(Snapshot::of_folder(revision, manifest, root))
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
