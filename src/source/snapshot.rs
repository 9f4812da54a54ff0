use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::aside::Aside;
use super::{Entry, Manifest, Mode, SourceError};
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
    store: Store,
}

/// Where the bytes are.
#[derive(Debug, Clone)]
enum Store {
    /// Files below a folder in which nobody works.
    Folder(PathBuf),
    /// Blobs of a git repository, and what is not committed put aside.
    Blobs(PathBuf, Arc<Aside>),
}

/// Reads files of one snapshot, holding open what that needs.
pub struct Reader<'a>(Opened<'a>);

enum Opened<'a> {
    Folder(&'a Path),
    Blobs {
        place: &'a Path,
        repository: git2::Repository,
        aside: &'a Aside,
    },
}

impl Snapshot {
    pub(super) fn of_folder(revision: Revision, manifest: Manifest, folder: PathBuf) -> Self {
        Self {
            revision,
            manifest,
            store: Store::Folder(folder),
        }
    }

    /// A snapshot of what a repository has, `aside` what it has not.
    pub(super) fn of_blobs(
        revision: Revision,
        manifest: Manifest,
        repository: PathBuf,
        aside: Aside,
    ) -> Self {
        Self {
            revision,
            manifest,
            store: Store::Blobs(repository, Arc::new(aside)),
        }
    }

    /// Opens the snapshot for reading many files.
    ///
    /// # Errors
    /// When its repository is gone.
    pub fn reader(&self) -> Result<Reader<'_>, SourceError> {
        Ok(Reader(match &self.store {
            Store::Folder(folder) => Opened::Folder(folder),
            Store::Blobs(place, aside) => Opened::Blobs {
                place,
                repository: git2::Repository::open(place)
                    .map_err(SourceError::git(place.display().to_string()))?,
                aside,
            },
        }))
    }
}

impl Reader<'_> {
    /// The bytes of a file of the manifest; a link's bytes are its target.
    ///
    /// # Errors
    /// When it cannot be read, or is not what the manifest says: a layer named
    /// after the manifest must not hold anything else.
    pub fn read(&self, path: &[u8], entry: Entry) -> Result<Vec<u8>, SourceError> {
        match &self.0 {
            Opened::Folder(folder) => read_as_listed(folder, path, entry),
            Opened::Blobs {
                place,
                repository,
                aside,
            } => {
                if let Some(bytes) = aside.get(path) {
                    return bytes.map_err(SourceError::io(*place));
                }
                let git = || SourceError::git(place.display().to_string());
                let id = git2::Oid::from_bytes(&entry.blob).map_err(git())?;
                let blob = repository.find_blob(id).map_err(git())?;
                Ok(blob.content().to_vec())
            }
        }
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

/// The files at `paths` below `folder` that exist, on as many threads as there
/// are cores: hashing is most of what a run does before it starts a container.
pub(super) fn list_files(folder: &Path, paths: &[Vec<u8>]) -> Result<Manifest, SourceError> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = paths.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = paths
            .chunks(share)
            .map(|chunk| {
                scope.spawn(move || {
                    let mut files = Vec::with_capacity(chunk.len());
                    for path in chunk {
                        if let Some((entry, _)) = load(&folder.join(OsStr::from_bytes(path)))? {
                            files.push((path.clone(), entry));
                        }
                    }
                    Ok(files)
                })
            })
            .collect();
        let mut all = Vec::with_capacity(paths.len());
        for worker in workers {
            // A worker only panics when this code is wrong; pass that on.
            let files: Result<Vec<_>, SourceError> = worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.extend(files?);
        }
        Ok(all.into_iter().collect())
    })
}

/// The bytes of a file below `folder`, if it is still what was listed.
pub(super) fn read_as_listed(
    folder: &Path,
    path: &[u8],
    entry: Entry,
) -> Result<Vec<u8>, SourceError> {
    match load(&folder.join(OsStr::from_bytes(path)))? {
        Some((found, bytes)) if found == entry => Ok(bytes),
        _ => Err(SourceError::Changed {
            path: String::from_utf8_lossy(path).into_owned(),
        }),
    }
}

/// The entry and bytes of a file or link; `None` for what is gone or is a folder.
fn load(path: &Path) -> Result<Option<(Entry, Vec<u8>)>, SourceError> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(SourceError::io(path)(error)),
    };
    let (mode, bytes) = if metadata.is_symlink() {
        let target = path.read_link().map_err(SourceError::io(path))?;
        (Mode::Symlink, target.into_os_string().into_vec())
    } else if metadata.is_file() {
        let mode = if metadata.permissions().mode() & 0o100 == 0 {
            Mode::Regular
        } else {
            Mode::Executable
        };
        (mode, std::fs::read(path).map_err(SourceError::io(path))?)
    } else {
        return Ok(None);
    };
    let blob = blob_id(&bytes).map_err(SourceError::git(path.display().to_string()))?;
    Ok(Some((Entry { mode, blob }, bytes)))
}

fn blob_id(bytes: &[u8]) -> Result<[u8; 20], git2::Error> {
    let id = git2::Oid::hash_object(git2::ObjectType::Blob, bytes)?;
    let mut blob = [0; 20];
    blob.copy_from_slice(id.as_bytes());
    Ok(blob)
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}
