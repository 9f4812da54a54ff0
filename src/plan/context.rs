use std::io::{self, Write};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::archive::{Attributes, Below, append, join};
use super::file::{DELTA_MTIME, FileKind, TREE_MTIME};
use super::tree_files::{TreeDelta, TreeFiles};

/// Part of a build context or upload.
#[derive(Clone)]
pub enum Part {
    /// A small file.
    File {
        /// Its path in the archive.
        path: String,
        /// Its bytes, which many images may have.
        content: Arc<[u8]>,
        /// Whether the image's name depends on it.
        keyed: bool,
    },
    /// Some small files below a folder, all in the image's name.
    Files {
        /// The folder.
        folder: String,
        /// Their paths below it, and their bytes.
        files: Vec<(String, Vec<u8>)>,
        /// Their owner, as user and group id.
        owner: u64,
    },
    /// A whole tree below a folder.
    Tree {
        /// The folder.
        folder: String,
        /// The tree.
        files: Arc<dyn TreeFiles>,
        /// The owner of the files, as user and group id.
        owner: u64,
    },
    /// What turns the tree of a layer into this tree.
    Delta {
        /// The folder of the tree.
        folder: String,
        /// The tree.
        files: Arc<dyn TreeFiles>,
        /// Which of its files.
        delta: TreeDelta,
        /// The owner of the files, as user and group id.
        owner: u64,
    },
}

/// The files of a build context or an upload, written as a tar archive.
#[derive(Clone, Default)]
pub struct Context {
    parts: Vec<Part>,
}

impl Context {
    /// Adds a part.
    #[must_use]
    pub fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Adds a small file that the image's name depends on.
    #[must_use]
    pub fn with_file(self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.with(Part::File {
            path: path.into(),
            content: content.into().into(),
            keyed: true,
        })
    }

    /// Feeds everything an image's name depends on to a digest.
    pub(super) fn key(&self, digest: &mut Sha256) {
        for part in &self.parts {
            match part {
                Part::File { keyed: false, .. } => {}
                Part::File { path, content, .. } => key_file(digest, path.as_bytes(), content),
                Part::Files { folder, files, .. } => {
                    for (path, content) in files {
                        key_file(digest, &join(folder, path.as_bytes()), content);
                    }
                }
                Part::Tree { folder, files, .. } | Part::Delta { folder, files, .. } => {
                    digest.update(folder.as_bytes());
                    digest.update([0]);
                    digest.update(files.id().as_str());
                }
            }
        }
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// When a file cannot be read or the writer fails.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let mut archive = tar::Builder::new(out);
        let owned = |owner, mtime| Attributes { owner, mtime };
        for part in &self.parts {
            match part {
                Part::File { path, content, .. } => {
                    let attributes = &Attributes::default();
                    let path = path.as_bytes();
                    append(&mut archive, path, FileKind::Regular, content, attributes)?;
                }
                Part::Files {
                    folder,
                    files,
                    owner,
                } => {
                    let mut below = Below::new(&mut archive, folder, owned(*owner, TREE_MTIME));
                    for (path, bytes) in files {
                        below.add(path.as_bytes(), FileKind::Regular, bytes)?;
                    }
                }
                Part::Tree {
                    folder,
                    files,
                    owner,
                } => {
                    let mut below = Below::new(&mut archive, folder, owned(*owner, TREE_MTIME));
                    files.for_each(&mut |path, kind, bytes| below.add(path, kind, bytes))?;
                }
                Part::Delta {
                    folder,
                    files,
                    delta,
                    owner,
                } => {
                    let mut below = Below::new(&mut archive, folder, owned(*owner, DELTA_MTIME));
                    files.for_paths(&delta.changed, &mut |path, kind, bytes| {
                        below.add(path, kind, bytes)
                    })?;
                }
            }
        }
        archive.into_inner()?.flush()
    }
}

fn key_file(digest: &mut Sha256, path: &[u8], content: &[u8]) {
    digest.update(path);
    digest.update([0]);
    digest.update((content.len() as u64).to_be_bytes());
    digest.update(content);
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut list = f.debug_list();
        for part in &self.parts {
            match part {
                Part::File { path, .. } => list.entry(path),
                Part::Files { folder, .. } => list.entry(folder),
                Part::Tree { folder, files, .. } => list.entry(&(folder, files.id())),
                Part::Delta { folder, delta, .. } => list.entry(&(folder, delta)),
            };
        }
        list.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn an_archive_is_the_same_however_often_it_is_written() {
        let context = Context::default().with_file("Dockerfile", "FROM x");
        let write = || {
            let mut bytes = Vec::new();
            context.write(&mut bytes).expect("memory");
            bytes
        };
        assert_eq!(write(), write());
        let bytes = write();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut entry = archive
            .entries()
            .expect("an archive")
            .next()
            .expect("one file")
            .expect("whole");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        assert_eq!(text, "FROM x");
        assert_eq!(entry.header().mtime().expect("a time"), TREE_MTIME);
    }
}
