use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::model::{SnapshotId, hex};

/// What kind of file an entry is. Git keeps no more than this either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A file.
    Regular,
    /// A file with its executable bit set.
    Executable,
    /// A symbolic link; its content is its target.
    Symlink,
}

impl Mode {
    const fn letter(self) -> u8 {
        match self {
            Self::Regular => b'f',
            Self::Executable => b'x',
            Self::Symlink => b'l',
        }
    }

    const fn from_letter(letter: u8) -> Option<Self> {
        match letter {
            b'f' => Some(Self::Regular),
            b'x' => Some(Self::Executable),
            b'l' => Some(Self::Symlink),
            _ => None,
        }
    }
}

/// One file: its kind and the git blob id of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// What kind of file.
    pub mode: Mode,
    /// The SHA-1 git gives a blob of this content.
    pub blob: [u8; 20],
}

impl Entry {
    pub(super) fn new(mode: Mode, id: git2::Oid) -> Self {
        let mut blob = [0; 20];
        blob.copy_from_slice(id.as_bytes());
        Self { mode, blob }
    }

    /// The same as libgit2 has it; `None` never, for it is as long as a SHA-1.
    pub(super) fn id(self) -> Option<git2::Oid> {
        git2::Oid::from_bytes(&self.blob).ok()
    }
}

/// Every file of a tree by its path, which is bytes: git's and Unix's names
/// need not be UTF-8. Parts are separated by `/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest(BTreeMap<Vec<u8>, Entry>);

/// What turns one tree into another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// Paths to write.
    pub changed: Vec<Vec<u8>>,
    /// Paths to delete.
    pub deleted: Vec<Vec<u8>>,
}

impl Manifest {
    /// The files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Entry)> {
        self.0.iter().map(|(path, entry)| (path.as_slice(), *entry))
    }

    /// The file at this path.
    pub fn get(&self, path: &[u8]) -> Option<Entry> {
        self.0.get(path).copied()
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tree's name: equal trees have equal ids wherever they come from.
    pub fn id(&self) -> SnapshotId {
        SnapshotId::new(hex(&Sha256::digest(self.encode())))
    }

    /// What has to be written and deleted to get from `older` to this tree. A
    /// path that is written, is above one, or is below one is not in the list
    /// of deletions: writing it replaces what was there, whatever its kind.
    pub fn delta_from(&self, older: &Self) -> Delta {
        let changed: Vec<Vec<u8>> = self
            .0
            .iter()
            .filter(|(path, entry)| older.0.get(*path) != Some(entry))
            .map(|(path, _)| path.clone())
            .collect();
        let is_below = |path: &[u8], folder: &[u8]| {
            path.strip_prefix(folder)
                .is_some_and(|rest| rest.first() == Some(&b'/'))
        };
        let deleted = older
            .0
            .keys()
            .filter(|path| !self.0.contains_key(*path))
            .filter(|path| {
                !changed
                    .iter()
                    .any(|written| is_below(path, written) || is_below(written, path))
            })
            .cloned()
            .collect();
        Delta { changed, deleted }
    }

    /// The manifest as bytes: kind, blob, path, NUL for each file in order.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 72);
        for (path, entry) in &self.0 {
            bytes.push(entry.mode.letter());
            bytes.extend_from_slice(&entry.blob);
            bytes.extend_from_slice(path);
            bytes.push(0);
        }
        bytes
    }

    /// The manifest these bytes were made from, or `None` if they were not.
    pub fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut files = BTreeMap::new();
        while let [letter, rest @ ..] = bytes {
            let mode = Mode::from_letter(*letter)?;
            let (blob, rest) = rest.split_first_chunk::<20>()?;
            let end = rest.iter().position(|byte| *byte == 0)?;
            files.insert(rest[..end].to_vec(), Entry { mode, blob: *blob });
            bytes = &rest[end + 1..];
        }
        Some(Self(files))
    }
}

impl FromIterator<(Vec<u8>, Entry)> for Manifest {
    fn from_iter<I: IntoIterator<Item = (Vec<u8>, Entry)>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(files: &[(&str, Mode, u8)]) -> Manifest {
        files
            .iter()
            .map(|(path, mode, seed)| {
                let entry = Entry {
                    mode: *mode,
                    blob: [*seed; 20],
                };
                (path.as_bytes().to_vec(), entry)
            })
            .collect()
    }

    #[test]
    fn a_delta_names_what_changed_and_what_went() {
        let old = manifest(&[
            ("a", Mode::Regular, 1),
            ("b", Mode::Regular, 2),
            ("c", Mode::Regular, 3),
        ]);
        let new = manifest(&[
            ("a", Mode::Regular, 1),
            ("b", Mode::Executable, 2),
            ("d", Mode::Regular, 4),
        ]);
        let delta = new.delta_from(&old);
        assert_eq!(delta.changed, [b"b".to_vec(), b"d".to_vec()]);
        assert_eq!(delta.deleted, [b"c".to_vec()]);
    }

    #[test]
    fn what_changes_its_kind_is_written_and_not_deleted() {
        let old = manifest(&[
            ("file", Mode::Regular, 1),
            ("folder/a", Mode::Regular, 1),
            ("leaf", Mode::Regular, 1),
        ]);
        let new = manifest(&[
            ("file", Mode::Symlink, 2),
            ("folder", Mode::Symlink, 2),
            ("leaf/b", Mode::Regular, 2),
        ]);
        let delta = new.delta_from(&old);
        assert_eq!(delta.changed.len(), 3);
        assert_eq!(delta.deleted, Vec::<Vec<u8>>::new());
    }

    #[test]
    fn the_id_tells_an_executable_bit() {
        let plain = manifest(&[("a", Mode::Regular, 1)]);
        let executable = manifest(&[("a", Mode::Executable, 1)]);
        assert_ne!(plain.id(), executable.id());
    }

    #[test]
    fn a_manifest_survives_being_written_down() {
        let manifest: Manifest = [(
            b"caf\xe9".to_vec(),
            Entry {
                mode: Mode::Symlink,
                blob: [0; 20],
            },
        )]
        .into_iter()
        .collect();
        assert_eq!(Manifest::decode(&manifest.encode()), Some(manifest));
        assert_eq!(Manifest::decode(b"fshort"), None);
        assert_eq!(Manifest::decode(b"?"), None);
    }
}
