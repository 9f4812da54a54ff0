use std::collections::BTreeSet;
use std::io::{self, Write};

use super::file::{FileKind, TREE_MTIME};

/// What every file of an archive has in common.
pub struct Attributes {
    pub owner: u64,
    pub mtime: u64,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            owner: 0,
            mtime: TREE_MTIME,
        }
    }
}

/// A path below a folder.
pub fn join(folder: &str, path: &[u8]) -> Vec<u8> {
    [folder.as_bytes(), b"/", path].concat()
}

/// Adds files below a folder, and the folders they are in, each once: one that an
/// engine has to invent belongs to root and not to the user of the tree.
pub struct Below<'a, W: Write> {
    archive: &'a mut tar::Builder<W>,
    folder: &'a str,
    attributes: Attributes,
    made: BTreeSet<Vec<u8>>,
}

impl<'a, W: Write> Below<'a, W> {
    pub const fn new(
        archive: &'a mut tar::Builder<W>,
        folder: &'a str,
        attributes: Attributes,
    ) -> Self {
        Self {
            archive,
            folder,
            attributes,
            made: BTreeSet::new(),
        }
    }

    /// Adds a file, given its path below the folder.
    pub fn add(&mut self, path: &[u8], kind: FileKind, bytes: &[u8]) -> io::Result<()> {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (index, _) in slashes {
            let folder = join(self.folder, &path[..index]);
            if self.made.insert(folder.clone()) {
                append_folder(self.archive, &folder, &self.attributes)?;
            }
        }
        let path = join(self.folder, path);
        append(self.archive, &path, kind, bytes, &self.attributes)
    }
}

fn header(attributes: &Attributes, kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(attributes.owner);
    header.set_gid(attributes.owner);
    header.set_mtime(attributes.mtime);
    header
}

fn append_folder<W: Write>(
    archive: &mut tar::Builder<W>,
    path: &[u8],
    attributes: &Attributes,
) -> io::Result<()> {
    let mut header = header(attributes, tar::EntryType::Directory, 0o755, 0);
    archive.append_data(&mut header, as_path(path), io::empty())
}

/// Adds one file.
pub fn append<W: Write>(
    archive: &mut tar::Builder<W>,
    path: &[u8],
    kind: FileKind,
    bytes: &[u8],
    attributes: &Attributes,
) -> io::Result<()> {
    match kind {
        FileKind::Symlink => {
            let mut header = header(attributes, tar::EntryType::Symlink, 0o777, 0);
            archive.append_link(&mut header, as_path(path), as_path(bytes))
        }
        FileKind::Regular | FileKind::Executable => {
            let mode = if kind == FileKind::Executable {
                0o755
            } else {
                0o644
            };
            let size = bytes.len() as u64;
            let mut header = header(attributes, tar::EntryType::Regular, mode, size);
            archive.append_data(&mut header, as_path(path), bytes)
        }
    }
}

fn as_path(bytes: &[u8]) -> &std::path::Path {
    use std::os::unix::ffi::OsStrExt;
    std::path::Path::new(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_a_file_come_before_it_and_only_once() {
        let mut bytes = Vec::new();
        let mut archive = tar::Builder::new(&mut bytes);
        let mut below = Below::new(&mut archive, "django", Attributes::default());
        for path in [&b"a/b/c.py"[..], b"a/b/d.py", b"top.py"] {
            below.add(path, FileKind::Regular, b"").expect("memory");
        }
        archive.finish().expect("memory");
        drop(archive);
        let mut archive = tar::Archive::new(bytes.as_slice());
        let paths: Vec<_> = archive
            .entries()
            .expect("an archive")
            .map(|entry| entry.expect("whole").path_bytes().into_owned())
            .collect();
        let expected = ["a", "a/b", "a/b/c.py", "a/b/d.py", "top.py"];
        assert_eq!(
            paths,
            expected.map(|path| format!("django/{path}").into_bytes())
        );
    }
}
