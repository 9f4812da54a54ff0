use std::sync::Arc;

use super::aside::Aside;
use super::error::SourceError;
use super::manifest::{Entry, Manifest};
use super::objects::{ObjectStore, Objects};
use crate::model::Revision;

/// Reading single files of a tree, for those who ask what it supports.
pub trait Tree {
    /// The bytes of the file at `path`, or `None` if there is no such file.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError>;
}

/// The immutable file tree of one revision.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// What it is a snapshot of.
    pub revision: Revision,
    /// Its files.
    pub manifest: Manifest,
    /// Where their bytes are.
    objects: ObjectStore,
    /// Those that are not there.
    aside: Arc<Aside>,
}

/// Reads files of one snapshot, holding open what that needs.
pub struct Reader<'a> {
    snapshot: &'a Snapshot,
    objects: Objects,
}

impl Snapshot {
    /// A snapshot of what a repository has, and `aside` of what it has not.
    pub(super) fn new(
        revision: Revision,
        manifest: Manifest,
        objects: ObjectStore,
        aside: Aside,
    ) -> Self {
        Self {
            revision,
            manifest,
            objects,
            aside: Arc::new(aside),
        }
    }

    /// Lists its files below a folder of another tree, and puts their bytes aside.
    pub(super) fn put_below(
        &self,
        folder: &[u8],
        files: &mut Vec<(Vec<u8>, Entry)>,
        aside: &mut Aside,
    ) -> Result<(), SourceError> {
        let reader = self.reader()?;
        for (path, entry) in self.manifest.iter() {
            let bytes = reader.read(path, entry)?;
            let path = [folder, b"/", path].concat();
            aside
                .put(&path, &bytes)
                .map_err(SourceError::io(std::env::temp_dir()))?;
            files.push((path, entry));
        }
        Ok(())
    }

    /// Opens the snapshot for reading many files.
    ///
    /// # Errors
    /// When its repository is gone.
    pub fn reader(&self) -> Result<Reader<'_>, SourceError> {
        Ok(Reader {
            snapshot: self,
            objects: self.objects.open()?,
        })
    }
}

impl Reader<'_> {
    /// The bytes of a file of the manifest; a link's bytes are its target.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, path: &[u8], entry: Entry) -> Result<Vec<u8>, SourceError> {
        if let Some(bytes) = self.snapshot.aside.get(path) {
            return bytes.map_err(SourceError::io(std::env::temp_dir()));
        }
        let id = git2::Oid::from_bytes(&entry.blob).map_err(SourceError::git("a manifest"))?;
        self.objects.blob(id)
    }
}

impl Tree for Snapshot {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        match self.manifest.get(path.as_bytes()) {
            Some(entry) => self.reader()?.read(path.as_bytes(), entry).map(Some),
            None => Ok(None),
        }
    }
}
