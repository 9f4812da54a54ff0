use std::path::{Path, PathBuf};

use git2::{Direction, FetchOptions, ProxyOptions, RemoteCallbacks, Repository};
use sha2::{Digest, Sha256};

use super::commit::{BranchGlobs, snapshot_commit};
use super::lock::hold;
use super::{OnTransfer, Snapshot, SourceError, Transfer};
use crate::model::hex;

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
        let wanted = BranchGlobs::new(patterns);
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
            .filter(|branch| wanted.match_name(&branch.name))
            .collect();
        branches.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(branches)
    }

    /// Fetches these branches. Runs at the same time wait for one another.
    ///
    /// # Errors
    /// When the remote cannot be reached or the cache not be written.
    pub fn fetch(
        &self,
        branches: &[RemoteBranch],
        on_transfer: &OnTransfer<'_>,
    ) -> Result<(), SourceError> {
        let git = || SourceError::git(self.url.clone());
        let parent = self.folder.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(parent).map_err(SourceError::io(parent))?;
        let _lock = hold(&self.folder.with_extension("lock"))?;

        // Made, or mended if whoever made it was interrupted; else left as it is.
        let repository = Repository::init_bare(&self.folder).map_err(git())?;
        let refspecs: Vec<String> = branches
            .iter()
            .filter(|branch| {
                !git2::Oid::from_str(&branch.commit)
                    .is_ok_and(|id| repository.find_commit(id).is_ok())
            })
            .map(|branch| format!("+refs/heads/{}:{}", branch.name, kept_as(&branch.name)))
            .collect();
        if refspecs.is_empty() {
            return Ok(());
        }
        let mut options = FetchOptions::new();
        options.download_tags(git2::AutotagOption::None);
        options.proxy_options(proxy());
        let mut callbacks = RemoteCallbacks::new();
        callbacks.transfer_progress(|progress| {
            on_transfer(&Transfer {
                what: self.url.clone(),
                done: progress.received_objects() as u64,
                total: Some(progress.total_objects() as u64),
                unit: "objects",
            });
            true
        });
        options.remote_callbacks(callbacks);
        repository
            .remote_anonymous(self.url.as_str())
            .and_then(|mut remote| remote.fetch(&refspecs, Some(&mut options), None))
            .map_err(git())
    }

    /// The tree of a fetched branch at the commit the remote had.
    ///
    /// # Errors
    /// When the commit was not fetched, or there is no Django in it.
    pub fn snapshot(&self, branch: &RemoteBranch) -> Result<Snapshot, SourceError> {
        let git = || SourceError::git(self.url.clone());
        let repository = Repository::open_bare(&self.folder).map_err(git())?;
        let id = git2::Oid::from_str(&branch.commit).map_err(git())?;
        let commit = repository.find_commit(id).map_err(git())?;
        snapshot_commit(&repository, &self.url, &branch.name, &commit)
    }
}

/// The mirror's own name for a branch. Not the branch's: a `fix` that was
/// replaced by a `fix/a` would be in its way.
fn kept_as(branch: &str) -> String {
    let digest = Sha256::digest(branch.as_bytes());
    format!("refs/djbuild/{}", hex(&digest[..16]))
}

/// The proxy that git's configuration or the environment names.
fn proxy() -> ProxyOptions<'static> {
    let mut options = ProxyOptions::new();
    options.auto();
    options
}
