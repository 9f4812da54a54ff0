use git2::{ObjectType, Oid};

use super::aside::Aside;
use super::error::SourceError;
use super::manifest::{Entry, Manifest, Mode};
use super::objects::{ObjectStore, Objects};
use super::snapshot::Snapshot;
use crate::model::Revision;

/// A submodule in a tree.
pub struct Link<'a> {
    /// Where it is in the tree.
    pub path: &'a [u8],
    /// The commit it is at.
    pub commit: Oid,
    /// What the tree's `.gitmodules` says; nothing where there is none.
    pub gitmodules: &'a [u8],
}

/// The tree of a commit; its files stay where they are, in the repository. What
/// its submodules have, which `inner` knows, is put aside, for it is in other
/// repositories.
pub fn snapshot_commit(
    store: &ObjectStore,
    (source, branch): (&str, &str),
    commit: Oid,
    inner: &dyn Fn(&Link<'_>) -> Result<Snapshot, SourceError>,
) -> Result<Snapshot, SourceError> {
    let objects = store.open()?;
    let Listing { mut files, links } = Listing::of(&objects, commit)?;
    let blobs = files.iter().filter_map(|(_, entry)| entry.id());
    objects.bring(blobs)?;
    let mut aside = Aside::default();
    if !links.is_empty() {
        let gitmodules = objects.file(commit, ".gitmodules")?.unwrap_or_default();
        for (path, commit) in links {
            let link = Link {
                path: &path,
                commit,
                gitmodules: &gitmodules,
            };
            inner(&link)?.put_below(&path, &mut files, &mut aside)?;
        }
    }
    let manifest: Manifest = files.into_iter().collect();
    let revision = Revision {
        source: source.to_owned(),
        branch: branch.to_owned(),
        named: None,
        commit: Some(commit.to_string()),
        modified: 0,
        snapshot: manifest.id(),
    };
    Ok(Snapshot::new(revision, manifest, store.clone(), aside))
}

/// The files of a tree, and the commits of its submodules.
#[derive(Default)]
pub struct Listing {
    pub files: Vec<(Vec<u8>, Entry)>,
    pub links: Vec<(Vec<u8>, Oid)>,
}

impl Listing {
    /// Those of a commit.
    pub fn of(objects: &Objects, commit: Oid) -> Result<Self, SourceError> {
        let mut listing = Self::default();
        listing.add(objects, &objects.tree_of(commit)?, &[])?;
        Ok(listing)
    }

    /// Collects what is below `tree`. libgit2's own walk wants UTF-8 folder names.
    fn add(
        &mut self,
        objects: &Objects,
        tree: &git2::Tree<'_>,
        prefix: &[u8],
    ) -> Result<(), SourceError> {
        for item in tree {
            let mut path = prefix.to_vec();
            path.extend_from_slice(item.name_bytes());
            match item.kind() {
                Some(ObjectType::Tree) => {
                    path.push(b'/');
                    self.add(objects, &objects.tree(item.id())?, &path)?;
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
