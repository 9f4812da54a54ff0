//! How much room things take.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The room that a folder and everything in it takes on its disk, in bytes.
pub fn bytes_of(path: &Path) -> u64 {
    let Ok(metadata) = std::fs::symlink_metadata(path) else {
        return 0;
    };
    // The unit of st_blocks, whatever the disk's own is.
    let own = metadata.blocks() * 512;
    if !metadata.is_dir() {
        return own;
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    own + entries.map(|entry| bytes_of(&entry.path())).sum::<u64>()
}
