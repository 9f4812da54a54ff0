use std::io;
use std::sync::Arc;

use crate::model::SnapshotId;
use crate::plan::{EachFile, FileKind, TreeDelta, TreeFiles};
use crate::source::{Mode, Shelf, Snapshot, SourceError};

/// A snapshot as plans see it: files to be sent.
pub struct SnapshotTree {
    snapshot: Arc<Snapshot>,
    shelf: Shelf,
}

impl SnapshotTree {
    pub const fn new(snapshot: Arc<Snapshot>, shelf: Shelf) -> Self {
        Self { snapshot, shelf }
    }
}

impl TreeFiles for SnapshotTree {
    fn id(&self) -> &SnapshotId {
        &self.snapshot.revision.snapshot
    }

    fn delta_from(&self, earlier: &SnapshotId) -> Option<TreeDelta> {
        let delta = self.snapshot.manifest.delta_from(&self.shelf.get(earlier)?);
        Some(TreeDelta {
            changed: delta.changed,
            deleted: delta.deleted,
        })
    }

    fn for_each(&self, each: &mut EachFile<'_>) -> io::Result<()> {
        let reader = self.snapshot.reader().map_err(as_io)?;
        for (path, entry) in self.snapshot.manifest.iter() {
            let bytes = reader.read(path, entry).map_err(as_io)?;
            each(path, kind(entry.mode), &bytes)?;
        }
        Ok(())
    }

    fn for_paths(&self, paths: &[Vec<u8>], each: &mut EachFile<'_>) -> io::Result<()> {
        let reader = self.snapshot.reader().map_err(as_io)?;
        for path in paths {
            if let Some(entry) = self.snapshot.manifest.get(path) {
                let bytes = reader.read(path, entry).map_err(as_io)?;
                each(path, kind(entry.mode), &bytes)?;
            }
        }
        Ok(())
    }

    fn remember(&self) {
        // Without it the next change is sent as a whole tree: slower, not wrong.
        let _ = self.shelf.put(&self.snapshot.manifest);
    }
}

const fn kind(mode: Mode) -> FileKind {
    match mode {
        Mode::Regular => FileKind::Regular,
        Mode::Executable => FileKind::Executable,
        Mode::Symlink => FileKind::Symlink,
    }
}

fn as_io(error: SourceError) -> io::Error {
    io::Error::other(error)
}
