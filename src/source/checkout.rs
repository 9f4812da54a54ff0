use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git2::{
    IndexEntry, IndexEntryExtendedFlag, IndexEntryFlag, Odb, Repository, Status, StatusOptions,
    Statuses,
};

use super::aside::Aside;
use super::disk::read_file;
use super::submodule::Submodules;
use super::wanted::{Wanted, is_commit, pull_request};
use super::{Candidate, Entry, Manifest, Mode, Snapshot, SourceError};
use crate::model::Revision;

/// How an index marks the commit of a submodule.
const SUBMODULE: u32 = 0o160_000;

const MARKS: [&str; 2] = ["tests/runtests.py", "django/__init__.py"];

/// The Django checkout that `start` is in, if it is in one.
///
/// # Errors
/// When git refuses to look: at a repository of another user, say.
pub fn find_checkout(start: &Path) -> Result<Option<PathBuf>, SourceError> {
    let repository = match Repository::discover(start) {
        Ok(repository) => repository,
        Err(error) if error.code() == git2::ErrorCode::Owner => {
            return Err(refused(start, &error));
        }
        Err(_) => return Ok(None),
    };
    let folder = repository.workdir().map(Path::to_owned);
    Ok(folder.filter(|folder| is_django(folder)))
}

/// What git says, and what to do about it where that is known.
fn refused(folder: &Path, error: &git2::Error) -> SourceError {
    let mut message = error.message().to_owned();
    if error.code() == git2::ErrorCode::Owner {
        message.push_str(&format!(
            ": if you trust it, `git config --global --add safe.directory {}`",
            folder.display()
        ));
    }
    SourceError::Git {
        place: folder.display().to_string(),
        message,
    }
}

/// The Django tree that `start` is in, whether git knows of it or not.
pub fn find_tree(start: &Path) -> Option<PathBuf> {
    let found = start.ancestors().find(|folder| is_django(folder))?;
    Some(found.to_owned())
}

fn is_django(folder: &Path) -> bool {
    MARKS.iter().all(|mark| folder.join(mark).is_file())
}

/// The working tree of the checkout that `folder` is in, called by its branch.
///
/// # Errors
/// When the folder is no git checkout of Django.
pub fn worktree(folder: &Path) -> Result<Candidate, SourceError> {
    let (repository, root) = open(folder)?;
    let commit = repository
        .head()
        .and_then(|head| head.peel_to_commit())
        .ok()
        .map(|commit| commit.id().to_string());
    let branch = branch_name(&repository, &root);
    let place = folder.display().to_string();
    Ok(Candidate::worktree(place, branch, commit, root))
}

/// What a checkout has committed of what is wanted: branches, tags, commits,
/// sorted by name.
///
/// # Errors
/// When the folder is no git checkout, or has no such revision.
pub fn committed(folder: &Path, wanted: &Wanted<'_>) -> Result<Vec<Candidate>, SourceError> {
    let place = folder.display().to_string();
    let git = || SourceError::git(place.clone());
    let repository = Repository::discover(folder).map_err(git())?;
    let mut commits = BTreeMap::new();
    let mut known = Vec::new();
    for branch in repository
        .branches(Some(git2::BranchType::Local))
        .map_err(git())?
    {
        let (branch, _) = branch.map_err(git())?;
        let name = String::from_utf8_lossy(branch.name_bytes().map_err(git())?).into_owned();
        if wanted.branch(&name) {
            let commit = branch.get().peel_to_commit().map_err(git())?;
            commits.insert(name.clone(), commit.id());
        }
        known.push(name);
    }
    for word in wanted.others(&known) {
        let names = [
            pull_request(word).map(|number| format!("refs/pull/{number}/head")),
            Some(word.to_owned()),
        ];
        let object = names
            .iter()
            .flatten()
            .find_map(|name| repository.revparse_single(name).ok())
            .and_then(|object| object.peel_to_commit().ok());
        let commit = object.ok_or_else(|| {
            let fetch = pull_request(word).map_or_else(String::new, |number| {
                format!(": `git fetch REMOTE pull/{number}/head:pull/{number}` brings it")
            });
            SourceError::NoRevision(format!(
                "{place} has no branch, tag or commit {word}{fetch}"
            ))
        })?;
        let name = if is_commit(word) && commit.id().to_string().starts_with(word) {
            commit.id().to_string()[..10].to_owned()
        } else {
            word.to_owned()
        };
        commits.insert(name, commit.id());
    }
    wanted.check(&known, commits.len(), &place)?;
    let candidate = |(name, id): (&String, &git2::Oid)| {
        Candidate::commit(&place, name, &repository, *id, Submodules::Local)
    };
    Ok(commits.iter().map(candidate).collect())
}

/// The checkout of Django that `folder` is in.
fn open(folder: &Path) -> Result<(Repository, PathBuf), SourceError> {
    let place = folder.display().to_string();
    let repository = match Repository::discover(folder) {
        Err(error) if error.code() == git2::ErrorCode::NotFound => {
            if !folder.is_dir() {
                return Err(SourceError::NoFolder(folder.to_owned()));
            }
            if is_django(folder) {
                return Err(SourceError::NotGit(folder.to_owned()));
            }
            return Err(SourceError::NotDjango {
                place,
                missing: ".git (a checkout is expected here)",
            });
        }
        found => found.map_err(|error| refused(folder, &error))?,
    };
    let root = repository
        .workdir()
        .ok_or_else(|| SourceError::Git {
            place: place.clone(),
            message: "this is a bare repository; pass it as a git URL (file://…)".to_owned(),
        })?
        .to_owned();
    match MARKS.iter().find(|mark| !root.join(mark).is_file()) {
        Some(missing) => Err(SourceError::NotDjango { place, missing }),
        None => Ok((repository, root)),
    }
}

/// The working tree of a repository: tracked files as they are on disk,
/// deletions, and new files that git does not ignore.
pub(super) fn snapshot_worktree(root: &Path) -> Result<Snapshot, SourceError> {
    let place = root.display().to_string();
    let git = || SourceError::git(place.clone());
    let repository = Repository::open(root).map_err(git())?;
    let mut options = StatusOptions::new();
    options
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .include_ignored(false);
    let statuses = repository.statuses(Some(&mut options)).map_err(git())?;
    let (manifest, aside) = list(&repository, root, &statuses)?;
    let revision = Revision {
        source: place.clone(),
        branch: String::new(),
        named: None,
        commit: None,
        modified: statuses.len(),
        snapshot: manifest.id(),
    };
    Ok(Snapshot::new(revision, manifest, &repository, aside))
}

/// Everything in the working tree. What is as git keeps it is not read; what is
/// not is put aside, for a run may take hours and its user goes on editing.
fn list(
    repository: &Repository,
    root: &Path,
    statuses: &Statuses<'_>,
) -> Result<(Manifest, Aside), SourceError> {
    let git = || SourceError::git(root.display().to_string());
    let blobs = repository.odb().map_err(git())?;
    let (mut to_read, mut gone) = (BTreeSet::new(), BTreeSet::new());
    for status in statuses.iter() {
        let path = status.path_bytes().to_vec();
        // Not looked for: where its folder was replaced by a link, there may be a
        // file of that name behind it.
        if status.status().contains(Status::WT_DELETED) {
            gone.insert(path);
        } else if status.status().intersects(on_disk_only()) {
            to_read.insert(path);
        }
    }
    let (mut files, mut links) = (Vec::new(), Vec::new());
    for entry in repository.index().map_err(git())?.iter() {
        match kept(&entry, &blobs) {
            _ if gone.contains(&entry.path) => {}
            None if entry.mode == SUBMODULE => links.push(entry.path),
            Some(kept) if !to_read.contains(&entry.path) => files.push((entry.path, kept)),
            _ => {
                to_read.insert(entry.path);
            }
        }
    }
    let mut aside = Aside::default();
    for path in to_read {
        if let Some((entry, bytes)) = read_file(&root.join(OsStr::from_bytes(&path)))? {
            aside
                .put(&path, &bytes)
                .map_err(SourceError::io(std::env::temp_dir()))?;
            files.push((path, entry));
        }
    }
    for path in links {
        let folder = root.join(OsStr::from_bytes(&path));
        // One that was not initialised is an empty folder, which git keeps nothing of.
        if folder.join(".git").exists() {
            snapshot_worktree(&folder)?.put_below(&path, &mut files, &mut aside)?;
        }
    }
    Ok((files.into_iter().collect(), aside))
}

/// What git says of a file that is not as the index has it.
fn on_disk_only() -> Status {
    Status::WT_NEW
        | Status::WT_MODIFIED
        | Status::WT_TYPECHANGE
        | Status::WT_RENAMED
        | Status::WT_UNREADABLE
        | Status::CONFLICTED
}

/// The entry of an unchanged file, if its bytes on disk are those git keeps. A
/// filter, for line ends say, makes them others, of another size; a file that git
/// was told not to look at may be anything.
fn kept(entry: &IndexEntry, blobs: &Odb<'_>) -> Option<Entry> {
    let mode = match entry.mode {
        0o100_644 => Mode::Regular,
        0o100_755 => Mode::Executable,
        0o120_000 => Mode::Symlink,
        _ => return None,
    };
    let unseen = IndexEntryFlag::from_bits_retain(entry.flags).is_valid()
        || IndexEntryExtendedFlag::from_bits_retain(entry.flags_extended).is_skip_worktree();
    let (size, _) = blobs.read_header(entry.id).ok()?;
    (!unseen && size == entry.file_size as usize).then(|| Entry::new(mode, entry.id))
}

/// The branch checked out; the commit where HEAD is detached, and the folder's
/// name where there is none yet, for a cell has to be called something.
fn branch_name(repository: &Repository, root: &Path) -> String {
    let Ok(head) = repository.head() else {
        return root.file_name().map_or_else(
            || "worktree".to_owned(),
            |name| String::from_utf8_lossy(name.as_bytes()).into_owned(),
        );
    };
    if head.is_branch() {
        return String::from_utf8_lossy(head.shorthand_bytes()).into_owned();
    }
    let commit = head.peel_to_commit().map(|commit| commit.id().to_string());
    commit.map_or_else(|_| "HEAD".to_owned(), |id| id[..10].to_owned())
}
