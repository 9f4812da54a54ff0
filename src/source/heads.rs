use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// What a mirror fetched last, for when its remote cannot be reached.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Heads {
    /// Refs of the remote, and the commit each was at.
    pub commits: BTreeMap<String, String>,
    /// When, in seconds since 1970.
    pub fetched: BTreeMap<String, u64>,
}

impl Heads {
    /// Reads them; nothing where nothing was kept or it is damaged.
    pub fn read(path: &Path) -> Self {
        std::fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Notes that a ref was just fetched.
    pub fn note(&mut self, name: &str, commit: &str) {
        self.commits.insert(name.to_owned(), commit.to_owned());
        self.fetched.insert(name.to_owned(), now());
    }

    /// Drops a ref.
    pub fn forget(&mut self, name: &str) {
        self.commits.remove(name);
        self.fetched.remove(name);
    }

    /// How long ago a ref was fetched.
    pub fn age(&self, name: &str) -> Duration {
        let then = self.fetched.get(name).copied().unwrap_or_default();
        Duration::from_secs(now().saturating_sub(then))
    }

    /// Keeps them, whole or not at all. Losing them costs an offline run.
    pub fn write(&self, path: &PathBuf) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, self)?;
        file.flush()?;
        file.persist(path)?;
        Ok(())
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
