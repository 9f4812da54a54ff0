use std::collections::BTreeSet;
use std::path::Path;

use git2::Oid;

use super::raw::whole;
use crate::source::error::SourceError;
use crate::source::git::Git;
use crate::source::mirror_refs::kept_as;
use crate::source::objects::Objects;

/// Where a commit has a ref of its own: branches move away from commits.
const KEPT: &str = "refs/kept/";
/// Where [`kept_as`] has what branches are at.
const TIPS: &str = "refs/djbuild/";

/// Where a branch was when it was fetched last.
pub fn tip(git_dir: &Path, reference: &str) -> Result<Option<Oid>, SourceError> {
    let ask = Git::within(git_dir).args(["rev-parse", "--verify", "--quiet"]);
    let (printed, _) = ask.args([kept_as(reference)]).try_read()?;
    Ok(whole(printed.trim_ascii()))
}

/// Forgets where a branch was. The lock is held.
pub fn forget(git_dir: &Path, reference: &str) -> Result<(), SourceError> {
    delete(git_dir, &[kept_as(reference)])
}

/// Gives a commit a ref of its own. The lock is held.
pub fn keep(git_dir: &Path, commit: Oid) -> Result<(), SourceError> {
    let (name, commit) = (format!("{KEPT}{commit}"), commit.to_string());
    let update = Git::within(git_dir).args(["update-ref", &name, &commit]);
    update.read().map(|_| ())
}

/// Takes those of all but these commits away. The lock is held.
pub fn keep_only(git_dir: &Path, commits: &BTreeSet<String>) -> Result<(), SourceError> {
    let names = refs(git_dir)?.into_iter().map(|(name, _)| name);
    let others = names.filter(|name| {
        let commit = name.strip_prefix(KEPT);
        commit.is_some_and(|commit| !commits.contains(commit))
    });
    delete(git_dir, &others.collect::<Vec<_>>())
}

/// Forgets refs that cannot be read or whose objects are gone: git fetches nothing while
/// there are such, and with them gone it fetches what is missing. The lock is held.
pub fn mend(git_dir: &Path, objects: &Objects) -> Result<(), SourceError> {
    // A power cut may leave a file empty, of which git would not hear even that it is to go.
    for folder in [TIPS, KEPT] {
        let entries = git_dir.join(folder).read_dir();
        for entry in entries.into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_whole = |bytes: Vec<u8>| whole(bytes.trim_ascii()).is_some();
            let is_lock = path.extension().is_some();
            if is_lock || std::fs::read(&path).is_ok_and(is_whole) {
                continue;
            }
            std::fs::remove_file(&path).map_err(SourceError::io(&path))?;
            let commit = whole(name.as_encoded_bytes()).filter(|id| objects.has(*id));
            if let Some(commit) = commit {
                keep(git_dir, commit)?;
            }
        }
    }
    let refs = refs(git_dir)?.into_iter();
    let lost = refs.filter(|(_, id)| !objects.has(*id));
    delete(git_dir, &lost.map(|(name, _)| name).collect::<Vec<_>>())
}

fn refs(git_dir: &Path) -> Result<Vec<(String, Oid)>, SourceError> {
    let ask = Git::within(git_dir).args(["for-each-ref", "--format=%(objectname) %(refname)"]);
    let listed = ask.read()?;
    let listed = String::from_utf8_lossy(&listed);
    let pairs = listed.lines().filter_map(|line| {
        let (id, name) = line.split_once(' ')?;
        Some((name.to_owned(), whole(id.as_bytes())?))
    });
    Ok(pairs.collect())
}

fn delete(git_dir: &Path, names: &[String]) -> Result<(), SourceError> {
    if names.is_empty() {
        return Ok(());
    }
    let orders: String = names
        .iter()
        .map(|name| format!("delete {name}\n"))
        .collect();
    let update = Git::within(git_dir).args(["update-ref", "--stdin"]);
    update.input(&orders)?.read().map(|_| ())
}
