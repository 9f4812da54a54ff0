/// The modification time, in seconds since 1970, of every file in an image. A
/// constant, so that equal trees make equal archives.
pub const TREE_MTIME: u64 = 946_684_800;

/// The modification time of files sent on top of a tree layer: other than the
/// layer's, for whoever compares no more than times.
pub const DELTA_MTIME: u64 = TREE_MTIME + 86_400;

/// What kind of file goes into an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    Regular,
    /// A file with its executable bit set.
    Executable,
    /// A symbolic link; its bytes are its target.
    Symlink,
}
