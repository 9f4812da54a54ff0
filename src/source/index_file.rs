use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use git2::{Index, IndexEntry};

use super::error::SourceError;
use super::git::Git;

/// What git knows of the files of a working tree.
pub struct IndexFile {
    index: Index,
    /// When it was written: seconds and nanoseconds.
    written: (i64, i64),
}

impl IndexFile {
    /// Reads the index of the working tree at `root`.
    pub fn read(path: &Path, root: &Path) -> Result<Self, SourceError> {
        let written = path
            .metadata()
            .map_or((0, 0), |metadata| (metadata.mtime(), metadata.mtime_nsec()));
        let index = match Index::open(path) {
            Ok(index) => index,
            Err(_) => plain(path, root)?,
        };
        Ok(Self { index, written })
    }

    /// The files, sorted by path; of one in conflict there are several entries.
    pub fn entries(&self) -> impl Iterator<Item = IndexEntry> + '_ {
        self.index.iter()
    }

    /// Whether a file is as it was when git looked last, as git itself tells it: by
    /// what the system says of it. Where that is not certain it is not.
    pub fn is_untouched(&self, entry: &IndexEntry, found: &std::fs::Metadata) -> bool {
        let is_link = entry.mode == 0o120_000;
        let is_executable = found.permissions().mode() & 0o100 != 0;
        let kind = found.is_symlink() == is_link
            && (is_link || (found.is_file() && is_executable == (entry.mode == 0o100_755)));
        let same = |noted: git2::IndexTime, seconds: i64, nanoseconds: i64| {
            i64::from(noted.seconds()) == seconds
                && (noted.nanoseconds() == 0 || i64::from(noted.nanoseconds()) == nanoseconds)
        };
        // The index keeps the lower half of each number.
        let lower = |number: u64| number & u64::from(u32::MAX);
        kind && u64::from(entry.file_size) == lower(found.len())
            && u64::from(entry.ino) == lower(found.ino())
            && same(entry.mtime, found.mtime(), found.mtime_nsec())
            && same(entry.ctime, found.ctime(), found.ctime_nsec())
            // What changes in the moment in which the index is written looks as before.
            && (found.mtime(), found.mtime_nsec()) < self.written
    }
}

/// A split or a sparse index in the form that everybody reads: git writes it so
/// into a copy.
fn plain(path: &Path, root: &Path) -> Result<Index, SourceError> {
    let folder = tempfile::tempdir().map_err(SourceError::io(std::env::temp_dir()))?;
    let copy = folder.path().join("index");
    std::fs::copy(path, &copy).map_err(SourceError::io(path))?;
    Git::reading(root)
        .args(["update-index", "--no-split-index", "--force-write-index"])
        .config("index.sparse", "false")
        .config("core.splitIndex", "false")
        .env("GIT_INDEX_FILE", &copy)
        .read()?;
    Index::open(&copy).map_err(SourceError::git(path.display().to_string()))
}
