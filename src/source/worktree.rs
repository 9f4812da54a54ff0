use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git2::{IndexEntry, IndexEntryExtendedFlag, IndexEntryFlag};

use super::aside::Aside;
use super::commit::Listing;
use super::disk::read_file;
use super::error::SourceError;
use super::git::Git;
use super::index_file::IndexFile;
use super::layout::Layout;
use super::manifest::{Entry, Manifest, Mode};
use super::objects::Objects;
use super::snapshot::Snapshot;
use crate::model::Revision;

/// How an index marks the commit of a submodule.
const SUBMODULE: u32 = 0o160_000;

/// The working tree of a repository: tracked files as they are on disk,
/// deletions, and new files that git does not ignore. What is as git keeps it is
/// not read; what is not is put aside, for a run may take hours and its user goes
/// on editing. No filter is run: Django is tested with the bytes on disk.
pub fn snapshot_worktree(root: &Path) -> Result<Snapshot, SourceError> {
    let layout = Layout::discover(root)?.ok_or_else(|| SourceError::NotGit(root.to_owned()))?;
    let store = layout.objects()?;
    let objects = store.open()?;
    let index = IndexFile::read(&layout.index, root)?;
    let mut listed = Listed::new(root, &objects);
    for entry in index.entries() {
        listed.add(&index, entry)?;
    }
    listed.add_new()?;
    listed.compare(&layout)?;
    objects.bring(listed.absent.iter().copied())?;
    let manifest: Manifest = listed.files.into_iter().collect();
    let revision = Revision {
        source: root.display().to_string(),
        branch: String::new(),
        named: None,
        commit: None,
        modified: listed.modified.len(),
        snapshot: manifest.id(),
    };
    Ok(Snapshot::new(revision, manifest, store, listed.aside))
}

/// What is found of a working tree, file by file.
struct Listed<'a> {
    root: &'a Path,
    objects: &'a Objects,
    files: Vec<(Vec<u8>, Entry)>,
    aside: Aside,
    /// Paths that are not as the commit has them.
    modified: BTreeSet<Vec<u8>>,
    /// What the index has, to compare it with the commit.
    indexed: BTreeMap<Vec<u8>, (u32, git2::Oid)>,
    /// Files that a sparse checkout leaves out.
    absent: Vec<git2::Oid>,
    sparse: Option<bool>,
    /// Folders, and whether each is one, and not behind a link.
    folders: BTreeMap<PathBuf, bool>,
}

impl<'a> Listed<'a> {
    const fn new(root: &'a Path, objects: &'a Objects) -> Self {
        Self {
            root,
            objects,
            files: Vec::new(),
            aside: Aside::empty(),
            modified: BTreeSet::new(),
            indexed: BTreeMap::new(),
            absent: Vec::new(),
            sparse: None,
            folders: BTreeMap::new(),
        }
    }

    /// A file that git knows.
    fn add(&mut self, index: &IndexFile, entry: IndexEntry) -> Result<(), SourceError> {
        let flags = IndexEntryFlag::from_bits_retain(entry.flags);
        let extended = IndexEntryExtendedFlag::from_bits_retain(entry.flags_extended);
        let stage = (entry.flags >> 12) & 3;
        let known = self
            .indexed
            .insert(entry.path.clone(), (entry.mode, entry.id));
        if stage != 0 {
            self.modified.insert(entry.path.clone());
            // Its other sides are the same file on disk.
            if known.is_some() {
                return Ok(());
            }
        }
        if entry.mode == SUBMODULE {
            return self.add_submodule(&entry.path);
        }
        let path = self.root.join(OsStr::from_bytes(&entry.path));
        let found = if self.is_folder(path.parent().unwrap_or(self.root)) {
            path.symlink_metadata().ok()
        } else {
            // Where its folder was replaced by a link, there may be a file of that
            // name behind it.
            None
        };
        let Some(found) = found.filter(|found| !found.is_dir()) else {
            if extended.is_skip_worktree() && self.is_sparse()? {
                self.add_absent(entry);
            } else {
                self.modified.insert(entry.path);
            }
            return Ok(());
        };
        let is_watched = stage == 0 && !flags.is_valid() && !extended.is_skip_worktree();
        let untouched = is_watched && index.is_untouched(&entry, &found);
        // A filter, for line ends say, makes the bytes on disk others, of another size.
        let is_kept = self.objects.size(entry.id) == Some(entry.file_size as usize);
        match entry_of(&entry) {
            Some(kept) if untouched && is_kept => self.files.push((entry.path, kept)),
            kept => {
                let differs = self.read(&entry.path, &path, kept)?;
                if differs && !untouched {
                    self.modified.insert(entry.path);
                }
            }
        }
        Ok(())
    }

    /// Puts a file of the disk aside, unless git has it. Whether it is not as `kept`.
    fn read(&mut self, name: &[u8], path: &Path, kept: Option<Entry>) -> Result<bool, SourceError> {
        let Some((entry, bytes)) = read_file(path)? else {
            return Ok(true);
        };
        let is_here =
            kept == Some(entry) && entry.id().is_some_and(|id| self.objects.size(id).is_some());
        if !is_here {
            self.aside
                .put(name, &bytes)
                .map_err(SourceError::io(std::env::temp_dir()))?;
        }
        self.files.push((name.to_vec(), entry));
        Ok(kept != Some(entry))
    }

    /// A file that belongs to the tree and that a sparse checkout has not on disk.
    fn add_absent(&mut self, entry: IndexEntry) {
        if let Some(kept) = entry_of(&entry) {
            self.absent.push(entry.id);
            self.files.push((entry.path, kept));
        }
    }

    fn add_submodule(&mut self, path: &[u8]) -> Result<(), SourceError> {
        let folder = self.root.join(OsStr::from_bytes(path));
        // One that was not initialised is an empty folder, which git keeps nothing of.
        if !folder.join(".git").exists() || !self.is_folder(&folder) {
            return Ok(());
        }
        let inner = snapshot_worktree(&folder)?;
        if inner.revision.modified > 0 {
            self.modified.insert(path.to_vec());
        }
        inner.put_below(path, &mut self.files, &mut self.aside)
    }

    /// New files, as far as they are not ignored.
    fn add_new(&mut self) -> Result<(), SourceError> {
        let ask = Git::reading(self.root).args(["ls-files", "-z", "--others"]);
        let listed = ask.args(["--exclude-standard"]).read()?;
        for name in listed
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
        {
            // A repository inside of this one, which git keeps nothing of.
            if name.ends_with(b"/") {
                continue;
            }
            let path = self.root.join(OsStr::from_bytes(name));
            self.read(name, &path, None)?;
            self.modified.insert(name.to_vec());
        }
        Ok(())
    }

    /// What is staged and not committed.
    fn compare(&mut self, layout: &Layout) -> Result<(), SourceError> {
        let Some(head) = layout.head else {
            self.modified.extend(self.indexed.keys().cloned());
            return Ok(());
        };
        let committed = Listing::of(self.objects, head)?;
        let mut left: BTreeMap<&[u8], git2::Oid> = BTreeMap::new();
        for (path, entry) in &committed.files {
            left.extend(entry.id().map(|id| (path.as_slice(), id)));
        }
        left.extend(
            committed
                .links
                .iter()
                .map(|(path, id)| (path.as_slice(), *id)),
        );
        for (path, (_, id)) in &self.indexed {
            if left.remove(path.as_slice()) != Some(*id) {
                self.modified.insert(path.clone());
            }
        }
        self.modified.extend(left.into_keys().map(<[u8]>::to_vec));
        Ok(())
    }

    /// Whether files that git was told not to look at are left out by a sparse
    /// checkout, and belong to the tree all the same.
    fn is_sparse(&mut self) -> Result<bool, SourceError> {
        if let Some(sparse) = self.sparse {
            return Ok(sparse);
        }
        let ask = Git::reading(self.root).args(["config", "--type=bool"]);
        let (said, _) = ask.args(["core.sparseCheckout"]).try_read()?;
        let sparse = said.starts_with(b"true");
        self.sparse = Some(sparse);
        Ok(sparse)
    }

    fn is_folder(&mut self, folder: &Path) -> bool {
        if folder == self.root {
            return true;
        }
        if let Some(known) = self.folders.get(folder) {
            return *known;
        }
        let is_one = folder.symlink_metadata().is_ok_and(|found| found.is_dir())
            && folder.parent().is_some_and(|parent| self.is_folder(parent));
        self.folders.insert(folder.to_owned(), is_one);
        is_one
    }
}

fn entry_of(entry: &IndexEntry) -> Option<Entry> {
    let mode = match entry.mode {
        0o100_644 => Mode::Regular,
        0o100_755 => Mode::Executable,
        0o120_000 => Mode::Symlink,
        _ => return None,
    };
    Some(Entry::new(mode, entry.id))
}
