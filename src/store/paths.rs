//! Where the files of a run are, in its folder.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::model::{CellName, hex};

/// File systems take names of 255 bytes; endings come on top.
const LONGEST: usize = 200;

/// What concerns the run as a whole.
pub fn events(folder: &Path) -> PathBuf {
    folder.join("events.jsonl.zst")
}

/// What it came to, once it has ended.
pub fn summary(folder: &Path) -> PathBuf {
    folder.join("summary.json")
}

/// The log of a cell.
pub fn cell(folder: &Path, cell: &CellName) -> PathBuf {
    let name = file_name(cell.as_str());
    folder.join("cells").join(format!("{name}.jsonl.zst"))
}

/// The log of an image's build.
pub fn image(folder: &Path, image: &str) -> PathBuf {
    folder
        .join("images")
        .join(format!("{}.log", file_name(image)))
}

/// A name as file systems allow it; distinct names stay distinct.
fn file_name(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02x}"));
        }
    }
    if safe.len() > LONGEST {
        // All of it is ASCII. A percent sign alone is in no other name.
        let digest = hex(&Sha256::digest(name.as_bytes()));
        safe.truncate(LONGEST - 34);
        safe.push_str("%-");
        safe.push_str(&digest[..32]);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_slashes_stay_inside_the_folder_and_distinct() {
        assert_eq!(file_name("stable/6.1.x"), "stable%2f6.1.x");
        assert_ne!(file_name("a/b"), file_name("a-b"));
        assert_ne!(file_name("\u{ff}1"), file_name("\u{ff1}"));
    }

    #[test]
    fn a_long_name_fits_and_stays_distinct() {
        let long = "ö".repeat(300);
        let (one, other) = (
            file_name(&format!("{long}a")),
            file_name(&format!("{long}b")),
        );
        assert!(one.len() <= LONGEST && other.len() <= LONGEST);
        assert_ne!(one, other);
    }
}
