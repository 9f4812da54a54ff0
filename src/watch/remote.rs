use std::collections::BTreeMap;

use crate::source::{Commit, SourceError, Watched};

/// A repository that is watched.
pub trait Remote: Send + Sync {
    /// Its URL, without secrets.
    fn place(&self) -> &str;

    /// Its branches and their commits, asked at little cost.
    ///
    /// # Errors
    /// When it does not answer.
    fn heads(&self) -> Result<BTreeMap<String, String>, SourceError>;

    /// Brings a branch with all its history, and says where it is by now.
    ///
    /// # Errors
    /// When it does not answer or the branch is not there any more.
    fn fetch(&self, branch: &str) -> Result<String, SourceError>;

    /// The commits that a tip has and another commit has not, oldest first; without
    /// another, the tip alone.
    ///
    /// # Errors
    /// When they cannot be read.
    fn commits(&self, since: Option<&str>, tip: &str) -> Result<Vec<Commit>, SourceError>;

    /// Whether a commit is the tip or comes before it.
    ///
    /// # Errors
    /// When that cannot be read.
    fn is_in(&self, commit: &str, tip: &str) -> Result<bool, SourceError>;

    /// The commit that a word means, if it means one that was brought.
    ///
    /// # Errors
    /// When that cannot be read.
    fn resolve(&self, word: &str) -> Result<Option<String>, SourceError>;
}

impl Remote for Watched {
    fn place(&self) -> &str {
        self.place()
    }

    fn heads(&self) -> Result<BTreeMap<String, String>, SourceError> {
        self.heads()
    }

    fn fetch(&self, branch: &str) -> Result<String, SourceError> {
        self.fetch(branch, &|_| {})
    }

    fn commits(&self, since: Option<&str>, tip: &str) -> Result<Vec<Commit>, SourceError> {
        self.commits(since, tip)
    }

    fn is_in(&self, commit: &str, tip: &str) -> Result<bool, SourceError> {
        self.is_in(commit, tip)
    }

    fn resolve(&self, word: &str) -> Result<Option<String>, SourceError> {
        self.resolve(word)
    }
}
