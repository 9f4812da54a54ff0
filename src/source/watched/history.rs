use std::path::Path;

use git2::Oid;

use super::changes::changes;
use super::raw::Raw;
use crate::source::error::SourceError;
use crate::source::git::{Git, words};
use crate::source::objects::Objects;

/// One commit, as people want to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id: 40 hex digits.
    pub id: String,
    /// What it was made on, the branch that it went into first.
    pub parents: Vec<String>,
    /// The author's name.
    pub author: String,
    /// When it was committed, in milliseconds since 1970. Whoever made it may have said
    /// anything.
    pub committed: i64,
    /// The first line of its message, of 1000 characters at most; they may be control
    /// characters.
    pub subject: String,
    /// The paths it changed of its first parent, sorted, both of what was renamed.
    /// `None` where that is unknown, or they are more than 3000.
    pub files: Option<Vec<String>>,
}

/// The commits that `tip` has and `since` has not, parents first; with no `since` the
/// tip alone.
pub fn commits(
    git_dir: &Path,
    objects: &Objects,
    since: Option<Oid>,
    tip: Oid,
) -> Result<Vec<Commit>, SourceError> {
    let ask = graph(git_dir).args(["rev-list", "--parents", "--topo-order", "--reverse"]);
    let ask = match since {
        Some(since) => ask.args([tip.to_string(), format!("^{since}")]),
        None => ask.args(["--max-count=1".to_owned(), tip.to_string()]),
    };
    let listed = ask.read()?;
    let listed = String::from_utf8_lossy(&listed);
    let commit = |line: &str| {
        let mut ids = line.split(' ');
        let id = ids.next().unwrap_or_default();
        let id = Oid::from_str(id).map_err(SourceError::git(git_dir.to_string_lossy()))?;
        commit(objects, id, ids.next().is_some())
    };
    listed.lines().map(commit).collect()
}

/// Whether a commit is the tip or one before it.
pub fn is_in(git_dir: &Path, commit: Oid, tip: Oid) -> Result<bool, SourceError> {
    let ask = graph(git_dir).args(["merge-base", "--is-ancestor"]);
    let (_, told) = ask.args([commit.to_string(), tip.to_string()]).try_read()?;
    match told {
        None => Ok(true),
        Some(told) if told.contains("fatal: ") || told.contains("error: ") => {
            Err(SourceError::Git {
                place: git_dir.display().to_string(),
                message: words(&told),
            })
        }
        Some(_) => Ok(false),
    }
}

/// A git that reads the connections that djbuild had noted.
fn graph(git_dir: &Path) -> Git {
    Git::within(git_dir).config("core.commitGraph", "true")
}

/// Reads a commit. A remote that has a part of its history has commits without their
/// parents.
fn commit(objects: &Objects, id: Oid, has_parents: bool) -> Result<Commit, SourceError> {
    let raw = read(objects, id)?;
    let files = match raw.parents.first() {
        None => changes(objects, None, raw.tree)?,
        Some(_) if !has_parents => None,
        Some(parent) => changes(objects, Some(read(objects, *parent)?.tree), raw.tree)?,
    };
    Ok(Commit {
        id: id.to_string(),
        parents: raw.parents.iter().map(ToString::to_string).collect(),
        author: raw.author,
        committed: raw.committed,
        subject: raw.subject,
        files,
    })
}

fn read(objects: &Objects, id: Oid) -> Result<Raw, SourceError> {
    Raw::parse(&objects.commit_bytes(id)?).ok_or_else(|| SourceError::Git {
        place: id.to_string(),
        message: "this commit cannot be read".to_owned(),
    })
}
