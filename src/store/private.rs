//! What tests print may be private: folders are 0700, files 0600.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
/// Folders with this bit, such as `/tmp`, belong to everybody.
const STICKY: u32 = 0o1000;

/// Makes a folder, and those above it, that only their owner may enter.
pub fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// How files are made that only their owner may read.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(FILE);
    options
}

/// Takes from others what earlier versions left them. What cannot be changed is
/// not ours, and stays.
pub fn tighten(path: &Path) {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return;
    };
    let mode = match metadata.file_type() {
        kind if kind.is_dir() => FOLDER,
        kind if kind.is_file() => FILE,
        _ => return,
    };
    if metadata.mode() & STICKY == 0 && metadata.mode() & 0o077 != 0 {
        let _ = fs::set_permissions(path, Permissions::from_mode(mode));
    }
}

/// The same for a folder and everything in it.
pub fn tighten_all(path: &Path) {
    tighten(path);
    // Links are not followed: what they lead to is elsewhere.
    let is_folder = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    if !is_folder {
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        tighten_all(&entry.path());
    }
}
