use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::candidate::Candidate;
use super::error::SourceError;
use super::git::Git;
use super::layout::Layout;
use super::submodule::Submodules;
use super::wanted::{Wanted, is_commit, pull_request};
use crate::model::redacted;

const MARKS: [&str; 2] = ["tests/runtests.py", "django/__init__.py"];

/// The Django checkout that `start` is in, if it is in one.
///
/// # Errors
/// When git refuses to look: at a repository of another user, say. When there is a
/// repository and no git to ask.
pub fn find_checkout(start: &Path) -> Result<Option<PathBuf>, SourceError> {
    let root = Layout::discover(start)?.and_then(|layout| layout.root);
    Ok(root.filter(|root| is_django(root)))
}

/// The Django tree that `start` is in, whether git knows of it or not.
pub fn find_tree(start: &Path) -> Option<PathBuf> {
    let found = start.ancestors().find(|folder| is_django(folder))?;
    Some(found.to_owned())
}

/// Where a checkout was cloned from, its remote `origin`, without secrets.
///
/// # Errors
/// When there is no git to ask.
pub fn remote_of(folder: &Path) -> Result<Option<String>, SourceError> {
    let ask = Git::reading(folder).args(["config", "--get", "remote.origin.url"]);
    let (printed, _) = ask.try_read()?;
    let url = redacted(String::from_utf8_lossy(&printed).trim());
    Ok(Some(url).filter(|url| !url.is_empty()))
}

fn is_django(folder: &Path) -> bool {
    MARKS.iter().all(|mark| folder.join(mark).is_file())
}

/// The working tree of the checkout that `folder` is in, called by its branch.
///
/// # Errors
/// When the folder is no git checkout of Django.
pub fn worktree(folder: &Path) -> Result<Candidate, SourceError> {
    let (layout, root) = open(folder)?;
    let branch = branch_name(&layout, &root);
    let commit = layout.head.map(|id| id.to_string());
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
    let layout = Layout::discover(folder)?.ok_or_else(|| no_checkout(folder))?;
    let mut commits = BTreeMap::new();
    let mut known = Vec::new();
    for (name, id) in branches(folder)? {
        if wanted.branch(&name) {
            commits.insert(name.clone(), id);
        }
        known.push(name);
    }
    for word in wanted.others(&known) {
        let names = [
            pull_request(word).map(|number| format!("refs/pull/{number}/head")),
            Some(word.to_owned()),
        ];
        let mut found = None;
        for name in names.iter().flatten() {
            found = match found {
                None => commit_of(folder, name)?,
                found => found,
            };
        }
        let commit = found.ok_or_else(|| {
            let fetch = pull_request(word).map_or_else(String::new, |number| {
                format!(": `git fetch REMOTE pull/{number}/head:pull/{number}` brings it")
            });
            SourceError::NoRevision(format!(
                "{place} has no branch, tag or commit {word}{fetch}"
            ))
        })?;
        let name = if is_commit(word) && commit.to_string().starts_with(word) {
            commit.to_string()[..10].to_owned()
        } else {
            word.to_owned()
        };
        commits.insert(name, commit);
    }
    wanted.check(&known, commits.len(), &place)?;
    let objects = layout.objects()?;
    let submodules = Submodules::Local(layout.common);
    let candidate = |(name, id): (&String, &git2::Oid)| {
        Candidate::commit((&place, name), objects.clone(), *id, submodules.clone())
    };
    Ok(commits.iter().map(candidate).collect())
}

/// The branches of a checkout, and the commit of each.
fn branches(folder: &Path) -> Result<Vec<(String, git2::Oid)>, SourceError> {
    let ask = Git::reading(folder).args(["for-each-ref", "refs/heads"]);
    let listed = ask.args(["--format=%(objectname) %(refname)"]).read()?;
    let branch = |line: &str| {
        let (id, name) = line.split_once(' ')?;
        let name = name.strip_prefix("refs/heads/")?.to_owned();
        Some((name, git2::Oid::from_str(id).ok()?))
    };
    let listed = String::from_utf8_lossy(&listed);
    Ok(listed.lines().filter_map(branch).collect())
}

/// The commit that a checkout calls by this name.
fn commit_of(folder: &Path, name: &str) -> Result<Option<git2::Oid>, SourceError> {
    if name.starts_with('-') {
        return Ok(None);
    }
    let ask = Git::reading(folder).args(["rev-parse", "--verify", "--quiet"]);
    let (printed, told) = ask.args([format!("{name}^{{commit}}")]).try_read()?;
    let id = git2::Oid::from_str(String::from_utf8_lossy(&printed).trim());
    Ok(id.ok().filter(|_| told.is_none()))
}

/// What a folder is instead of a checkout.
fn no_checkout(folder: &Path) -> SourceError {
    if !folder.is_dir() {
        return SourceError::NoFolder(folder.to_owned());
    }
    if is_django(folder) {
        return SourceError::NotGit(folder.to_owned());
    }
    SourceError::NotDjango {
        place: folder.display().to_string(),
        missing: ".git (a checkout is expected here)",
    }
}

/// The checkout of Django that `folder` is in.
fn open(folder: &Path) -> Result<(Layout, PathBuf), SourceError> {
    let place = folder.display().to_string();
    let layout = Layout::discover(folder)?.ok_or_else(|| no_checkout(folder))?;
    let root = layout
        .root
        .clone()
        .ok_or_else(|| SourceError::Unsupported {
            place: place.clone(),
            problem: "is a bare repository; pass it as a git URL (file://…)".to_owned(),
        })?;
    match MARKS.iter().find(|mark| !root.join(mark).is_file()) {
        Some(missing) => Err(SourceError::NotDjango { place, missing }),
        None => Ok((layout, root)),
    }
}

/// The branch checked out; the commit where HEAD is detached, and the folder's
/// name where there is none yet, for a cell has to be called something.
fn branch_name(layout: &Layout, root: &Path) -> String {
    if let Some(branch) = &layout.branch {
        return branch.clone();
    }
    match layout.head {
        Some(id) => id.to_string()[..10].to_owned(),
        None => root.file_name().map_or_else(
            || "worktree".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        ),
    }
}
