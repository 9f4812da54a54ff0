use std::path::Path;
use std::time::{Duration, SystemTime};

use super::git::Git;

/// With more packs than this a repository is packed anew: each fetch leaves one.
const PACKS: usize = 24;
/// Objects that nobody names are kept this long: a run may still read them.
const UNNAMED: &str = "2.days.ago";
/// A lock that is as old as this was left by a git that was killed. Whoever asks
/// holds the lock of djbuild's own.
const LEFT_BEHIND: Duration = Duration::from_secs(600);

/// Packs a repository of ours where many fetches left many packs. Its lock is held.
pub fn maintain(git_dir: &Path) {
    if packs(git_dir) > PACKS {
        pack(git_dir);
    }
}

/// Packs it, and drops what nobody names any more. Where that fails it stays as
/// it is, which costs room.
pub fn pack(git_dir: &Path) {
    let prune = format!("--prune={UNNAMED}");
    let _ = Git::within(git_dir)
        .args(["gc", "--quiet", &prune])
        .config("gc.autoDetach", "false")
        .try_read();
}

/// Notes how the commits of a repository are connected, so that git need not trust
/// their dates to tell which come first. Its lock is held. Where that fails, it does.
pub fn connect(git_dir: &Path) {
    let write = ["commit-graph", "write", "--reachable", "--split"];
    let _ = Git::within(git_dir)
        .args(write)
        .args(["--no-progress"])
        .config("core.commitGraph", "true")
        .try_read();
}

/// Removes packs that were not written to their end: on a full disk they are what
/// fills it. The lock of the repository is held.
pub fn drop_half_packs(git_dir: &Path) {
    let entries = git_dir.join("objects/pack").read_dir();
    for entry in entries.into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(b"tmp_") {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Removes the locks that a killed git left in a repository of ours.
pub fn unlock(git_dir: &Path) {
    let mut folders = vec![git_dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !path.ends_with("objects") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "lock") && is_old(&path) {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

fn is_old(path: &Path) -> bool {
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|then| {
        SystemTime::now()
            .duration_since(then)
            .is_ok_and(|age| age > LEFT_BEHIND)
    })
}

fn packs(git_dir: &Path) -> usize {
    let entries = git_dir.join("objects/pack").read_dir();
    entries
        .into_iter()
        .flatten()
        .flatten()
        .filter(is_pack)
        .count()
}

fn is_pack(entry: &std::fs::DirEntry) -> bool {
    entry
        .path()
        .extension()
        .is_some_and(|ending| ending == "pack")
}
