use std::path::{Path, PathBuf};

use git2::{ObjectType, Odb, OdbLookupFlags, Oid, Repository, Tree};

use super::error::SourceError;
use super::promisor::Promisor;

/// Where the objects of a repository are. Nothing else of it is looked at: its
/// configuration, refs and index may be of kinds that only git itself reads.
#[derive(Debug, Clone)]
pub struct ObjectStore {
    folder: PathBuf,
    /// Who has those that are missing, in a partial clone.
    promisor: Option<Promisor>,
}

/// Objects that can be read.
pub struct Objects {
    repository: Repository,
    store: ObjectStore,
}

impl ObjectStore {
    /// The objects in this folder: `.git/objects` of a checkout.
    pub const fn new(folder: PathBuf, promisor: Option<Promisor>) -> Self {
        Self { folder, promisor }
    }

    /// Opens them.
    pub fn open(&self) -> Result<Objects, SourceError> {
        let place = self.folder.display().to_string();
        let folder = self
            .folder
            .to_str()
            .ok_or_else(|| SourceError::Unsupported {
                place: place.clone(),
                problem: "has a name that is not UTF-8; move the repository".to_owned(),
            })?;
        if !self.folder.is_dir() {
            return Err(SourceError::NoFolder(self.folder.clone()));
        }
        let open = || {
            let objects = Odb::new()?;
            objects.add_disk_alternate(folder)?;
            Repository::from_odb(objects)
        };
        Ok(Objects {
            repository: open().map_err(SourceError::git(place))?,
            store: self.clone(),
        })
    }
}

impl Objects {
    /// Whether an object is here.
    pub fn has(&self, id: Oid) -> bool {
        self.repository.odb().is_ok_and(|odb| odb.exists(id))
    }

    /// The commit that an id names, which may be that of a tag.
    pub fn commit(&self, id: Oid) -> Result<Oid, SourceError> {
        let peeled = self.get(id, |repository| {
            let object = repository.find_object(id, None)?;
            object.peel_to_commit()
        })?;
        Ok(peeled.id())
    }

    /// The bytes of a commit, as git keeps them: libgit2 reads no commit of which a
    /// single line is odd.
    pub fn commit_bytes(&self, id: Oid) -> Result<Vec<u8>, SourceError> {
        self.get(id, |repository| {
            let odb = repository.odb()?;
            let object = odb.read(id)?;
            if object.kind() != ObjectType::Commit {
                return Err(git2::Error::from_str(&format!("{id} is no commit")));
            }
            Ok(object.data().to_vec())
        })
    }

    /// The files of a commit.
    pub fn tree_of(&self, commit: Oid) -> Result<Tree<'_>, SourceError> {
        let id = self.get(commit, |repository| {
            Ok(repository.find_commit(commit)?.tree_id())
        })?;
        self.tree(id)
    }

    /// A folder.
    pub fn tree(&self, id: Oid) -> Result<Tree<'_>, SourceError> {
        self.get(id, |repository| repository.find_tree(id))
    }

    /// The file at a path of a commit, if there is one.
    pub fn file(&self, commit: Oid, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let mut tree = self.tree_of(commit)?;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let Some((id, kind)) = tree
                .get_name_bytes(part.as_bytes())
                .map(|entry| (entry.id(), entry.kind()))
            else {
                return Ok(None);
            };
            match (kind, parts.peek()) {
                (Some(ObjectType::Tree), Some(_)) => tree = self.tree(id)?,
                (Some(ObjectType::Blob), None) => return self.blob(id).map(Some),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The bytes of a file.
    pub fn blob(&self, id: Oid) -> Result<Vec<u8>, SourceError> {
        let blob = self.get(id, |repository| repository.find_blob(id))?;
        Ok(blob.content().to_vec())
    }

    /// How long a file is, if it is here.
    pub fn size(&self, id: Oid) -> Option<usize> {
        let (size, _) = self.repository.odb().ok()?.read_header(id).ok()?;
        Some(size)
    }

    /// Has all of these fetched that are missing, at once. Nothing where the
    /// repository is a whole one.
    pub fn bring(&self, ids: impl Iterator<Item = Oid>) -> Result<(), SourceError> {
        let Some(promisor) = &self.store.promisor else {
            return Ok(());
        };
        let odb = self.repository.odb().map_err(self.failed())?;
        let missing: Vec<String> = ids
            .filter(|id| !odb.exists_ext(*id, OdbLookupFlags::NO_REFRESH))
            .map(|id| id.to_string())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        promisor.fetch(&missing, &self.store.folder)
    }

    /// Looks for an object, here and at who promised it.
    fn get<'a, T>(
        &'a self,
        id: Oid,
        find: impl Fn(&'a Repository) -> Result<T, git2::Error>,
    ) -> Result<T, SourceError> {
        match find(&self.repository) {
            Err(error) if error.code() == git2::ErrorCode::NotFound => {
                self.bring(std::iter::once(id))?;
                find(&self.repository).map_err(self.failed())
            }
            found => found.map_err(self.failed()),
        }
    }

    fn failed(&self) -> impl FnOnce(git2::Error) -> SourceError {
        SourceError::git(self.store.folder.display().to_string())
    }
}

/// The object folder of a bare repository.
pub fn objects_of(git_dir: &Path) -> PathBuf {
    git_dir.join("objects")
}
