use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::StoreError;
use crate::model::RunId;

/// The folder in which djbuild keeps what happened.
#[derive(Debug, Clone)]
pub struct State {
    folder: PathBuf,
}

/// Held while a run lives. The system releases it however the process ends, so
/// that a killed run is known to be dead.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl State {
    /// The state in this folder, which is made when something is kept.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Names this installation: everything it starts carries the name, and
    /// nothing else is ever cleaned up.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn owner(&self) -> Result<String, StoreError> {
        let path = self.folder.join("owner");
        match std::fs::read_to_string(&path) {
            Ok(owner) if !owner.trim().is_empty() => return Ok(owner.trim().to_owned()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io(&path)(error)),
        }
        let name: String = std::iter::repeat_with(fastrand::alphanumeric)
            .take(16)
            .collect();
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(&self.folder)?;
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(name.as_bytes())?;
            // Two first runs at once: the first to get here names both.
            match file.persist_noclobber(&path) {
                Ok(_) => Ok(()),
                Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
                Err(error) => Err(error.error),
            }
        };
        write().map_err(StoreError::io(&path))?;
        std::fs::read_to_string(&path)
            .map(|owner| owner.trim().to_owned())
            .map_err(StoreError::io(&path))
    }

    /// The folder of a run.
    pub fn run_folder(&self, run: &RunId) -> PathBuf {
        self.folder.join("runs").join(run.as_str())
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Leaves nothing of something that was no run after all.
    pub fn forget(&self, run: &RunId) {
        let _ = std::fs::remove_dir_all(self.run_folder(run));
    }

    /// Where the index is.
    pub fn history_file(&self) -> PathBuf {
        self.folder.join("history.sqlite3")
    }

    /// Marks a run as living until the lock is dropped.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn begin(&self, run: &RunId) -> Result<RunLock, StoreError> {
        let folder = self.run_folder(run);
        std::fs::create_dir_all(&folder).map_err(StoreError::io(&folder))?;
        let path = folder.join("lock");
        let file = File::create(&path).map_err(StoreError::io(&path))?;
        file.lock().map_err(StoreError::io(&path))?;
        Ok(RunLock { _file: file })
    }

    /// Whether a run's process still lives.
    pub fn is_live(&self, run: &RunId) -> bool {
        is_locked(&self.run_folder(run).join("lock"))
    }
}

fn is_locked(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::new(folder.path().join("djbuild"));
        (folder, state)
    }

    #[test]
    fn a_run_lives_as_long_as_its_lock() {
        let (_folder, state) = state();
        let run = RunId::new("r");
        assert!(!state.is_live(&run));
        let lock = state.begin(&run).expect("writable");
        assert!(state.is_live(&run));
        drop(lock);
        assert!(!state.is_live(&run));
    }

    #[test]
    fn the_owner_is_named_once() {
        let (_folder, state) = state();
        let first = state.owner().expect("writable");
        assert_eq!(first.len(), 16);
        assert_eq!(state.owner().expect("readable"), first);
    }
}
