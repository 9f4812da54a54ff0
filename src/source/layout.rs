use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::error::SourceError;
use super::git::{Git, words};
use super::objects::ObjectStore;
use super::promisor::Promisor;

/// The folders of a checkout, and what is checked out, as git itself sees them.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The working tree; a bare repository has none.
    pub root: Option<PathBuf>,
    /// What is shared by all working trees of the repository.
    pub common: PathBuf,
    /// The index of this working tree.
    pub index: PathBuf,
    objects: PathBuf,
    /// The commit, where there is one yet.
    pub head: Option<git2::Oid>,
    /// The branch, where HEAD is on one that has a commit.
    pub branch: Option<String>,
}

impl Layout {
    /// That of the repository that a folder is in, if it is in one.
    ///
    /// # Errors
    /// When git refuses to look: at a repository of another user, say. When there is
    /// no git to ask.
    pub fn discover(folder: &Path) -> Result<Option<Self>, SourceError> {
        let is_marked = |folder: PathBuf| folder.ancestors().any(is_marked);
        if !folder.canonicalize().is_ok_and(is_marked) {
            // Whether git is installed or not.
            return Ok(None);
        }
        let ask = Git::reading(folder).args(["rev-parse", "--show-object-format"]);
        let ask = ask.args(["--path-format=absolute", "--git-common-dir"]);
        let ask = ask.args(["--git-path", "index", "--git-path", "objects"]);
        // Each of these may be missing, and ends what git prints.
        let ask = ask.args(["--show-toplevel", "HEAD", "--symbolic-full-name", "HEAD"]);
        let (printed, told) = ask.try_read()?;
        let place = folder.display().to_string();
        let mut lines = printed.split(|byte| *byte == b'\n');
        if lines.next() == Some(b"sha256") {
            return Err(SourceError::Unsupported {
                place,
                problem: "has SHA-256 objects, and djbuild reads those of SHA-1; clone Django \
                          without --object-format"
                    .to_owned(),
            });
        }
        let mut lines = lines.map(<[u8]>::to_vec).peekable();
        let mut path = || {
            let line = lines.next_if(|line| line.starts_with(b"/"))?;
            Some(PathBuf::from(OsString::from_vec(line)))
        };
        let (Some(common), Some(index), Some(objects)) = (path(), path(), path()) else {
            return match told {
                Some(told) if told.contains("not a git repository") => Ok(None),
                told => Err(SourceError::Git {
                    place,
                    message: words(&told.unwrap_or_default()),
                }),
            };
        };
        let root = path();
        let head = lines.next().and_then(|line| commit_id(&line));
        let branch = lines.next().and_then(|line| {
            let name = line.strip_prefix(b"refs/heads/")?;
            Some(String::from_utf8_lossy(name).into_owned())
        });
        Ok(Some(Self {
            root,
            common,
            index,
            objects,
            head,
            branch: branch.filter(|_| head.is_some()),
        }))
    }

    /// Its objects, and who has those that a partial clone lacks.
    pub fn objects(&self) -> Result<ObjectStore, SourceError> {
        let folder = self.root.as_ref().unwrap_or(&self.common);
        let promisor = Promisor::of(folder, &self.objects)?;
        Ok(ObjectStore::new(self.objects.clone(), promisor))
    }
}

fn commit_id(line: &[u8]) -> Option<git2::Oid> {
    git2::Oid::from_str(std::str::from_utf8(line).ok()?).ok()
}

/// Whether a folder has a `.git`, or is one.
fn is_marked(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok()
        || (folder.join("HEAD").is_file() && folder.join("objects").is_dir())
}
