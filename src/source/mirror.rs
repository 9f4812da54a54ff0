use std::fs::File;
use std::path::{Path, PathBuf};

use git2::{Direction, FetchOptions, ObjectType, ProxyOptions, Repository};
use globset::Glob;
use sha2::{Digest, Sha256};

use super::{Entry, Manifest, Mode, Snapshot, SourceError};
use crate::model::{Revision, hex};

/// A bare copy of a git URL in the cache, with only the branches asked for.
pub struct Mirror {
    url: String,
    folder: PathBuf,
}

/// A branch as the remote has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteBranch {
    /// Its name, without `refs/heads/`.
    pub name: String,
    /// The commit it points to.
    pub commit: String,
}

impl Mirror {
    /// The mirror of `url` below `cache`; nothing is fetched yet.
    pub fn new(url: &str, cache: &Path) -> Self {
        let digest = Sha256::digest(url.as_bytes());
        let name = hex(&digest[..8]);
        Self {
            url: url.to_owned(),
            folder: cache.join(format!("{name}.git")),
        }
    }

    /// The remote's branches that match one of the globs, sorted by name.
    ///
    /// # Errors
    /// When the remote cannot be reached.
    pub fn branches(&self, patterns: &[String]) -> Result<Vec<RemoteBranch>, SourceError> {
        let git = || SourceError::git(self.url.clone());
        let mut remote = git2::Remote::create_detached(self.url.as_str()).map_err(git())?;
        if self.url.starts_with("ssh://") || !self.url.contains("://") && self.url.contains('@') {
            return Err(SourceError::Git {
                place: self.url.clone(),
                message: "ssh is not supported yet; use an https URL or a checkout".to_owned(),
            });
        }
        let connection = remote
            .connect_auth(Direction::Fetch, None, Some(proxy()))
            .map_err(git())?;
        let matchers: Vec<_> = patterns
            .iter()
            .filter_map(|pattern| Glob::new(pattern).ok())
            .map(|glob| glob.compile_matcher())
            .collect();
        let mut branches: Vec<_> = connection
            .list()
            .map_err(git())?
            .iter()
            .filter_map(|head| {
                let name = head.name();
                Some(RemoteBranch {
                    name: name.strip_prefix("refs/heads/")?.to_owned(),
                    commit: head.oid().to_string(),
                })
            })
            .filter(|branch| matchers.iter().any(|glob| glob.is_match(&branch.name)))
            .collect();
        branches.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(branches)
    }

    /// Fetches these branches. Runs at the same time wait for one another.
    ///
    /// # Errors
    /// When the remote cannot be reached or the cache not be written.
    pub fn fetch(&self, branches: &[RemoteBranch]) -> Result<(), SourceError> {
        let git = || SourceError::git(self.url.clone());
        let parent = self.folder.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(parent).map_err(SourceError::io(parent))?;
        let lock_path = self.folder.with_extension("lock");
        let lock = File::create(&lock_path).map_err(SourceError::io(&lock_path))?;
        lock.lock().map_err(SourceError::io(&lock_path))?;

        let repository = if self.folder.is_dir() {
            Repository::open_bare(&self.folder)
        } else {
            Repository::init_bare(&self.folder)
        }
        .map_err(git())?;
        let refspecs: Vec<String> = branches
            .iter()
            .filter(|branch| {
                !git2::Oid::from_str(&branch.commit)
                    .is_ok_and(|id| repository.find_commit(id).is_ok())
            })
            .map(|branch| format!("+refs/heads/{0}:refs/heads/{0}", branch.name))
            .collect();
        if refspecs.is_empty() {
            return Ok(());
        }
        let mut options = FetchOptions::new();
        options.download_tags(git2::AutotagOption::None);
        options.proxy_options(proxy());
        repository
            .remote_anonymous(self.url.as_str())
            .and_then(|mut remote| remote.fetch(&refspecs, Some(&mut options), None))
            .map_err(git())
    }

    /// The tree of a fetched branch at the commit the remote had.
    ///
    /// # Errors
    /// When the commit was not fetched.
    pub fn snapshot(&self, branch: &RemoteBranch) -> Result<Snapshot, SourceError> {
        let git = || SourceError::git(self.url.clone());
        let repository = Repository::open_bare(&self.folder).map_err(git())?;
        let id = git2::Oid::from_str(&branch.commit).map_err(git())?;
        let tree = repository
            .find_commit(id)
            .and_then(|commit| commit.tree())
            .map_err(git())?;
        let mut files = Vec::new();
        list_tree(&repository, &tree, &[], &mut files).map_err(git())?;
        let manifest: Manifest = files.into_iter().collect();
        if manifest.get(b"tests/runtests.py").is_none() {
            return Err(SourceError::NotDjango {
                place: format!("{} {}", self.url, branch.name),
                missing: "tests/runtests.py",
            });
        }
        let revision = Revision {
            source: self.url.clone(),
            branch: branch.name.clone(),
            commit: Some(branch.commit.clone()),
            modified: 0,
            snapshot: manifest.id(),
        };
        Ok(Snapshot::of_blobs(revision, manifest, self.folder.clone()))
    }
}

/// The proxy that git's configuration or the environment names.
fn proxy() -> ProxyOptions<'static> {
    let mut options = ProxyOptions::new();
    options.auto();
    options
}

/// Collects the blobs below `tree`. libgit2's own walk wants UTF-8 folder names.
fn list_tree(
    repository: &Repository,
    tree: &git2::Tree<'_>,
    prefix: &[u8],
    files: &mut Vec<(Vec<u8>, Entry)>,
) -> Result<(), git2::Error> {
    for item in tree {
        let mut path = prefix.to_vec();
        path.extend_from_slice(item.name_bytes());
        match item.kind() {
            Some(ObjectType::Tree) => {
                path.push(b'/');
                list_tree(repository, &repository.find_tree(item.id())?, &path, files)?;
            }
            Some(ObjectType::Blob) => {
                let mode = match item.filemode() {
                    0o120_000 => Mode::Symlink,
                    0o100_755 => Mode::Executable,
                    _ => Mode::Regular,
                };
                let mut blob = [0; 20];
                blob.copy_from_slice(item.id().as_bytes());
                files.push((path, Entry { mode, blob }));
            }
            _ => {}
        }
    }
    Ok(())
}
