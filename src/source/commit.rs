use git2::{Commit, ObjectType, Oid, Repository};

use super::aside::Aside;
use super::submodule::Submodules;
use super::{Entry, Manifest, Mode, Snapshot, SourceError};
use crate::model::Revision;

/// The tree of a commit; its files stay where they are, in the repository. What
/// its submodules have is put aside, for it is in other repositories.
pub fn snapshot_commit(
    repository: &Repository,
    (source, branch): (&str, &str),
    commit: &Commit<'_>,
    submodules: &Submodules,
) -> Result<Snapshot, SourceError> {
    let git = || SourceError::git(source);
    let tree = commit.tree().map_err(git())?;
    let mut listing = Listing::default();
    listing.add(repository, &tree, &[]).map_err(git())?;
    let mut aside = Aside::default();
    if !listing.links.is_empty() {
        let gitmodules = tree
            .get_name(".gitmodules")
            .and_then(|entry| repository.find_blob(entry.id()).ok())
            .map(|blob| blob.content().to_vec())
            .unwrap_or_default();
        for (path, id) in listing.links {
            let name = String::from_utf8_lossy(&path).into_owned();
            let inner = submodules.snapshot(repository, &gitmodules, (&name, id))?;
            inner.put_below(&path, &mut listing.files, &mut aside)?;
        }
    }
    let manifest: Manifest = listing.files.into_iter().collect();
    let revision = Revision {
        source: source.to_owned(),
        branch: branch.to_owned(),
        named: None,
        commit: Some(commit.id().to_string()),
        modified: 0,
        snapshot: manifest.id(),
    };
    Ok(Snapshot::new(revision, manifest, repository, aside))
}

/// The files of a tree, and the commits of its submodules.
#[derive(Default)]
struct Listing {
    files: Vec<(Vec<u8>, Entry)>,
    links: Vec<(Vec<u8>, Oid)>,
}

impl Listing {
    /// Collects what is below `tree`. libgit2's own walk wants UTF-8 folder names.
    fn add(
        &mut self,
        repository: &Repository,
        tree: &git2::Tree<'_>,
        prefix: &[u8],
    ) -> Result<(), git2::Error> {
        for item in tree {
            let mut path = prefix.to_vec();
            path.extend_from_slice(item.name_bytes());
            match item.kind() {
                Some(ObjectType::Tree) => {
                    path.push(b'/');
                    self.add(repository, &repository.find_tree(item.id())?, &path)?;
                }
                Some(ObjectType::Blob) => {
                    let mode = match item.filemode() {
                        0o120_000 => Mode::Symlink,
                        0o100_755 => Mode::Executable,
                        _ => Mode::Regular,
                    };
                    self.files.push((path, Entry::new(mode, item.id())));
                }
                Some(ObjectType::Commit) => self.links.push((path, item.id())),
                _ => {}
            }
        }
        Ok(())
    }
}
