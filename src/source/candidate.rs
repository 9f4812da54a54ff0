use std::fmt;
use std::path::{Path, PathBuf};

use git2::Oid;

use super::error::SourceError;
use super::objects::ObjectStore;
use super::snapshot::{Snapshot, Tree};
use super::submodule::Submodules;
use super::worktree::snapshot_worktree;
use crate::model::short;

/// A tree that could be tested. Single files can be read of it at once, which is
/// all it takes to know what it supports; the list of its files comes with the
/// [`Snapshot`].
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Where it comes from, as `--source` takes it.
    pub source: String,
    /// The branch, tag, pull request or release; what its cells are called.
    pub branch: String,
    /// The commit, where there is one.
    pub commit: Option<String>,
    /// What its source calls it, where it had to be given another name.
    named: Option<String>,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    /// The files on disk below this folder.
    Worktree(PathBuf),
    /// A commit of a repository.
    Commit {
        objects: ObjectStore,
        id: Oid,
        submodules: Submodules,
    },
}

impl Candidate {
    pub(super) const fn worktree(
        source: String,
        branch: String,
        commit: Option<String>,
        root: PathBuf,
    ) -> Self {
        Self {
            source,
            branch,
            commit,
            named: None,
            place: Place::Worktree(root),
        }
    }

    pub(super) fn commit(
        (source, branch): (&str, &str),
        objects: ObjectStore,
        id: Oid,
        submodules: Submodules,
    ) -> Self {
        Self {
            source: source.to_owned(),
            branch: branch.to_owned(),
            commit: Some(id.to_string()),
            named: None,
            place: Place::Commit {
                objects,
                id,
                submodules,
            },
        }
    }

    /// Gives it another name, for its own is taken.
    pub fn rename(&mut self, name: String) {
        let own = std::mem::replace(&mut self.branch, name);
        self.named.get_or_insert(own);
    }

    /// Whether it is files on disk, with their uncommitted changes.
    pub const fn is_worktree(&self) -> bool {
        matches!(self.place, Place::Worktree(_))
    }

    /// The list of its files, and the bytes of those that git has not.
    ///
    /// # Errors
    /// When there is no Django in it, or a file cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot, SourceError> {
        let snapshot = self.files()?;
        if snapshot.manifest.get(b"tests/runtests.py").is_none() {
            return Err(SourceError::NotDjango {
                place: format!("{} {}", self.source, self.branch),
                missing: "tests/runtests.py",
            });
        }
        Ok(snapshot)
    }

    /// The same, of whatever it is.
    fn files(&self) -> Result<Snapshot, SourceError> {
        let mut snapshot = match &self.place {
            Place::Worktree(root) => snapshot_worktree(root)?,
            Place::Commit {
                objects,
                id,
                submodules,
            } => {
                let name = (self.source.as_str(), self.branch.as_str());
                submodules.snapshot_commit(objects, name, *id)?
            }
        };
        snapshot.revision.source.clone_from(&self.source);
        snapshot.revision.branch.clone_from(&self.branch);
        snapshot.revision.named.clone_from(&self.named);
        snapshot.revision.commit.clone_from(&self.commit);
        Ok(snapshot)
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.branch)?;
        if let Some(commit) = &self.commit {
            write!(f, " at {}", short(commit))?;
        }
        if self.is_worktree() {
            f.write_str(", as it is on disk")?;
        }
        Ok(())
    }
}

impl Tree for Candidate {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        match &self.place {
            Place::Worktree(root) => read_on_disk(&root.join(path)),
            Place::Commit { objects, id, .. } => objects.open()?.file(*id, path),
        }
    }
}

fn read_on_disk(path: &Path) -> Result<Option<Vec<u8>>, SourceError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SourceError::io(path)(error)),
    }
}
