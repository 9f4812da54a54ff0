use std::io::Write;
use std::path::PathBuf;

use super::error::SourceError;
use super::manifest::Manifest;
use crate::model::SnapshotId;

/// Keeps the manifests of trees that were made into image layers, so that a
/// later tree can be told apart from them without reading either.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// A shelf in this folder, which is made when the first manifest is put there.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Puts a manifest on the shelf, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn put(&self, manifest: &Manifest) -> Result<(), SourceError> {
        let path = self.path(&manifest.id());
        if path.exists() {
            return Ok(());
        }
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(&self.folder)?;
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(&zstd::encode_all(manifest.encode().as_slice(), 3)?)?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(SourceError::io(&path))
    }

    /// The manifest of this tree, if it is there and whole.
    pub fn get(&self, id: &SnapshotId) -> Option<Manifest> {
        let file = std::fs::File::open(self.path(id)).ok()?;
        // What is used stays when the cache is cleared.
        let _ = file.set_modified(std::time::SystemTime::now());
        let manifest = Manifest::decode(&zstd::decode_all(file).ok()?)?;
        (manifest.id() == *id).then_some(manifest)
    }

    fn path(&self, id: &SnapshotId) -> PathBuf {
        self.folder.join(format!("{id}.manifest.zst"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Entry, Mode};

    #[test]
    fn what_is_put_on_the_shelf_is_found_there() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let shelf = Shelf::new(folder.path().join("trees"));
        let entry = Entry {
            mode: Mode::Regular,
            blob: [7; 20],
        };
        let manifest: Manifest = [(b"a".to_vec(), entry)].into_iter().collect();
        shelf.put(&manifest).expect("writable");
        shelf.put(&manifest).expect("twice is no error");
        assert_eq!(shelf.get(&manifest.id()), Some(manifest));
    }

    #[test]
    fn a_damaged_manifest_is_not_found() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let shelf = Shelf::new(folder.path().to_owned());
        let manifest = Manifest::default();
        shelf.put(&manifest).expect("writable");
        std::fs::write(shelf.path(&manifest.id()), b"rubbish").expect("writable");
        assert_eq!(shelf.get(&manifest.id()), None);
    }
}
