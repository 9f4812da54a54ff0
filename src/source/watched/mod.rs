//! Repositories that are watched: all the history of their branches, and refs of our
//! own for what was seen of them.

mod changes;
mod history;
mod keep;
mod name;
mod patch;
mod raw;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use git2::{Oid, Reference};
use sha2::{Digest, Sha256};

use super::address::Address;
use super::candidate::Candidate;
use super::error::SourceError;
use super::lock::hold;
use super::maintenance::{connect, drop_half_packs, maintain, unlock};
use super::mirror_refs::kept_as;
use super::objects::{ObjectStore, Objects, objects_of};
use super::reach::Reach;
use super::remote::{Depth, Kind, NamedBy, Remote};
use super::skeleton;
use super::submodule::Submodules;
use super::transfer::OnTransfer;
use crate::model::{hex, redacted};

pub use history::Commit;

/// A repository elsewhere that is watched, and its copy here: unlike a mirror's, with
/// the whole history of the branches that were fetched.
#[derive(Clone)]
pub struct Watched {
    url: String,
    remote: Remote,
    /// The URL, for people.
    place: String,
    git_dir: PathBuf,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched")
            .field("place", &self.place)
            .field("git_dir", &self.git_dir)
            .finish_non_exhaustive()
    }
}

impl Watched {
    /// The repository at `url`; its copy is in `folder`, where nothing is made yet. The
    /// same copy whatever password the URL has in it.
    pub fn new(url: &str, folder: &Path) -> Self {
        let digest = Sha256::digest(Address::new(url).url.as_bytes());
        // Not as mirrors are called, which may go when they are unused.
        let name = format!("{}.watched", hex(&digest[..8]));
        Self {
            url: url.to_owned(),
            remote: Remote::new(url, NamedBy::User),
            place: redacted(url),
            git_dir: folder.join(name),
        }
    }

    /// The URL without secrets.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The bare repository that is the copy.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The branches there are and their commits, by one listing; nothing is fetched. In
    /// names that are no UTF-8, what is not has its place held by U+FFFD.
    ///
    /// The server may say nothing for 60 s. Faults of the network are tried twice more,
    /// for some seconds.
    ///
    /// # Errors
    /// When the remote cannot be reached or refuses, or the copy cannot be written.
    pub fn heads(&self) -> Result<BTreeMap<String, String>, SourceError> {
        self.prepare()?;
        let listed = self.remote.list(Kind::Heads, &self.git_dir)?;
        let branch = |(name, commit): (String, String)| {
            let name = name.strip_prefix("refs/heads/")?;
            Some((name.to_owned(), commit))
        };
        Ok(listed.into_iter().filter_map(branch).collect())
    }

    /// Fetches a branch with all its history, and returns the commit it is at by now,
    /// which may be a newer one than was listed. The commit stays reachable here by a
    /// ref of our own, whatever becomes of the branch.
    ///
    /// Who fetches at the same time waits. The server may say nothing for 120 s. Faults
    /// of the network are tried twice more.
    ///
    /// # Errors
    /// [`SourceError::NoRevision`] where there is no such branch any more, which is
    /// then forgotten here too; and when the remote cannot be reached, refuses or is
    /// damaged, or the copy cannot be written.
    pub fn fetch(&self, branch: &str, on_transfer: &OnTransfer<'_>) -> Result<String, SourceError> {
        self.prepare()?;
        let reference = format!("refs/heads/{branch}");
        let source = self.source_of(&reference)?;
        let lock = self.lock()?;
        // Whoever was writing them is dead, for the lock was free.
        drop_half_packs(&self.git_dir);
        keep::mend(&self.git_dir, &self.objects()?)?;
        let refspecs = [format!("+{source}:{}", kept_as(&reference))];
        let fetched = self
            .remote
            .fetch(&refspecs, Depth::Whole, &self.git_dir, on_transfer);
        if fetched.is_err() {
            drop_half_packs(&self.git_dir);
        }
        if matches!(fetched, Err(SourceError::NoRevision(_))) {
            keep::forget(&self.git_dir, &reference)?;
        }
        fetched?;
        let commit = self.fetched(&reference)?;
        keep::keep(&self.git_dir, commit)?;
        connect(&self.git_dir);
        maintain(&self.git_dir);
        drop(lock);
        // Tags are names for what is here, and no branch is held up for them.
        if let Ok(tags) = self.remote.list(Kind::Tags, &self.git_dir) {
            name::note_tags(&self.git_dir, &tags);
        }
        Ok(commit.to_string())
    }

    /// The commits that `tip` has and `since` has not, oldest first, which is parents
    /// before children; each once. With no `since` the tip alone.
    ///
    /// # Errors
    /// [`SourceError::NoRevision`] where one of the two is not here; and when something
    /// between them is missing or damaged.
    pub fn commits(&self, since: Option<&str>, tip: &str) -> Result<Vec<Commit>, SourceError> {
        self.prepare()?;
        let objects = self.objects()?;
        let since = since.map(|since| self.here(&objects, since)).transpose()?;
        let tip = self.here(&objects, tip)?;
        history::commits(&self.git_dir, &objects, since, tip)
    }

    /// Whether a commit is the tip or one before it. A commit that is not here is not.
    ///
    /// # Errors
    /// [`SourceError::NoRevision`] where the tip is not here; and when something between
    /// them is missing or damaged.
    pub fn is_in(&self, commit: &str, tip: &str) -> Result<bool, SourceError> {
        self.prepare()?;
        let objects = self.objects()?;
        let tip = self.here(&objects, tip)?;
        match self.here(&objects, commit) {
            Ok(commit) => history::is_in(&self.git_dir, commit, tip),
            Err(_) => Ok(false),
        }
    }

    /// The commit that a word means of those that are here, if any: its whole id, the
    /// name of a branch or a tag, or the first 7 digits of its id or more.
    ///
    /// # Errors
    /// [`SourceError::NoRevision`] where more than one commit begins with these digits;
    /// and when the copy cannot be read.
    pub fn resolve(&self, word: &str) -> Result<Option<String>, SourceError> {
        self.prepare()?;
        let found = name::resolve(&self.git_dir, &self.objects()?, word)?;
        Ok(found.map(|commit| commit.to_string()))
    }

    /// Makes a commit of the patch in this file on another commit, by this author and with
    /// this message, and keeps it; or says why it does not apply. No hook or filter is run.
    ///
    /// # Errors
    /// [`SourceError::NoRevision`] where the other commit is not here; and when the copy
    /// cannot be written.
    pub fn commit_patch(
        &self,
        base: &str,
        patch: &Path,
        by: (&str, &str),
    ) -> Result<Result<String, String>, SourceError> {
        self.prepare()?;
        let base = self.here(&self.objects()?, base)?;
        let _lock = self.lock()?;
        let made = patch::commit(&self.git_dir, base, patch, by)?;
        Ok(made.map(|commit| commit.to_string()))
    }

    /// Forgets the refs of our own for all commits but these. The tips of branches
    /// stay; what nothing leads to any more goes with time.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub fn keep_only(&self, commits: &BTreeSet<String>) -> Result<(), SourceError> {
        self.prepare()?;
        let _lock = self.lock()?;
        keep::keep_only(&self.git_dir, commits)
    }

    /// The tree of a commit, under the name of its branch, to be tested. No remote is
    /// asked for it; those of its submodules may be, through mirrors in `cache`.
    ///
    /// # Errors
    /// [`SourceError::NoRevision`] where the commit is not here; and when the copy
    /// cannot be read.
    pub fn candidate(
        &self,
        branch: &str,
        commit: &str,
        cache: &Path,
        reach: Reach,
    ) -> Result<Candidate, SourceError> {
        self.prepare()?;
        let id = self.here(&self.objects()?, commit)?;
        let submodules = Submodules::Mirrored {
            url: self.url.clone(),
            cache: cache.to_owned(),
            reach,
        };
        let name = (self.place.as_str(), branch);
        Ok(Candidate::commit(name, self.store(), id, submodules))
    }

    /// What is asked for to get a branch.
    fn source_of(&self, reference: &str) -> Result<String, SourceError> {
        let none =
            || SourceError::NoRevision(format!("{} has no branch {reference:?}", self.place));
        if !Reference::is_valid_name(reference) {
            return Err(none());
        }
        if !reference.contains(char::REPLACEMENT_CHARACTER) {
            return Ok(reference.to_owned());
        }
        // What is not UTF-8 cannot be named here, so its commit is asked for.
        let listed = self.remote.list(Kind::Heads, &self.git_dir)?;
        let mut named = listed.into_iter().filter(|(name, _)| name == reference);
        named.next().map(|(_, commit)| commit).ok_or_else(none)
    }

    /// The commit that a branch is at that was just fetched. A hostile one may be at
    /// something else.
    fn fetched(&self, reference: &str) -> Result<Oid, SourceError> {
        let tip = keep::tip(&self.git_dir, reference)?;
        let objects = self.objects()?;
        if let Some(tip) = tip.filter(|tip| objects.commit_bytes(*tip).is_ok()) {
            return Ok(tip);
        }
        keep::forget(&self.git_dir, reference)?;
        Err(SourceError::Git {
            place: self.place.clone(),
            message: format!("{reference} is at no commit that can be read"),
        })
    }

    /// A commit that is here, by its whole id.
    fn here(&self, objects: &Objects, commit: &str) -> Result<Oid, SourceError> {
        let id = raw::whole(commit.as_bytes()).filter(|id| objects.has(*id));
        id.ok_or_else(|| {
            SourceError::NoRevision(format!("{}: {commit} was not fetched", self.place))
        })
    }

    /// Makes the repository where it is not there, or not as it should be.
    fn prepare(&self) -> Result<(), SourceError> {
        if skeleton::is_made(&self.git_dir) {
            return Ok(());
        }
        let folder = self.git_dir.parent().unwrap_or(&self.git_dir);
        std::fs::create_dir_all(folder).map_err(SourceError::io(folder))?;
        let _lock = self.lock()?;
        skeleton::make(&self.git_dir)
    }

    /// Keeps others from writing to the copy.
    fn lock(&self) -> Result<File, SourceError> {
        let lock = hold(&self.git_dir.with_extension("watched.lock"))?;
        unlock(&self.git_dir);
        Ok(lock)
    }

    fn objects(&self) -> Result<Objects, SourceError> {
        self.store().open()
    }

    fn store(&self) -> ObjectStore {
        ObjectStore::new(objects_of(&self.git_dir), None)
    }
}
