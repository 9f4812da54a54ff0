use std::io;

use super::file::FileKind;
use crate::model::SnapshotId;

/// The files of one snapshot, wherever they are.
pub trait TreeFiles: Send + Sync {
    /// Names the tree by its content.
    fn id(&self) -> &SnapshotId;

    /// What it takes to get here from an earlier tree, if that one is known.
    fn delta_from(&self, earlier: &SnapshotId) -> Option<TreeDelta>;

    /// Calls `each` with every file: path, executable or link, bytes.
    ///
    /// # Errors
    /// When a file cannot be read, or `each` fails.
    fn for_each(&self, each: &mut EachFile<'_>) -> io::Result<()>;

    /// The same for these paths only.
    ///
    /// # Errors
    /// As [`TreeFiles::for_each`].
    fn for_paths(&self, paths: &[Vec<u8>], each: &mut EachFile<'_>) -> io::Result<()>;

    /// Remembers that a layer of this tree exists.
    fn remember(&self);
}

/// Takes one file of a tree: its path, kind and bytes.
pub type EachFile<'a> = dyn FnMut(&[u8], FileKind, &[u8]) -> io::Result<()> + 'a;

/// What turns an earlier tree into a later one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeDelta {
    /// Paths to write.
    pub changed: Vec<Vec<u8>>,
    /// Paths to delete.
    pub deleted: Vec<Vec<u8>>,
}

impl TreeDelta {
    /// How many files it touches.
    pub fn len(&self) -> usize {
        self.changed.len() + self.deleted.len()
    }

    /// Whether the trees are the same.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
