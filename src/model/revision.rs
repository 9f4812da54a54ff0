use std::fmt;

use serde::{Deserialize, Serialize};

/// Names the file tree of one revision by its content, wherever it came from:
/// the hexadecimal SHA-256 of its manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapshotId(String);

impl SnapshotId {
    /// An id from its hexadecimal text.
    pub fn new(hex: impl Into<String>) -> Self {
        Self(hex.into())
    }

    /// The whole id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of it for a person.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What was tested: a commit, a release, or a working tree on top of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Where it comes from, as `--source` takes it.
    pub source: String,
    /// The branch's name, or the release's version.
    pub branch: String,
    /// What its source calls it, where another source's has the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// The commit, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// How many files differ from the commit, in a working tree.
    #[serde(default)]
    pub modified: usize,
    /// The tree's content.
    pub snapshot: SnapshotId,
}

/// Enough of a commit's id to tell it from others.
pub fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.branch)?;
        if let Some(commit) = &self.commit {
            write!(f, " at {}", short(commit))?;
        }
        match self.modified {
            0 => Ok(()),
            1 => f.write_str(" with 1 uncommitted file"),
            files => write!(f, " with {files} uncommitted files"),
        }
    }
}
