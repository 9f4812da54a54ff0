use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use super::State;
use super::StoreError;
use super::private::{make_folder, options};
use crate::model::RunId;

/// Whether a run's process still lives.
///
/// **Architecture invariant:** "cannot tell" is never "dead": what is dead may be
/// swept away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// Its lock is held.
    Live,
    /// Its lock was asked and is free, or it is known to have ended.
    Dead,
    /// Nobody can say: no lock, no permission, no file descriptor left.
    Unknown,
}

/// Held while a run lives. The system releases it however the process ends, so
/// that a killed run is known to be dead.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl State {
    /// Marks a run as living until the lock is dropped.
    ///
    /// # Errors
    /// When the folder cannot be written, or is a newer djbuild's.
    pub fn begin(&self, run: &RunId) -> Result<RunLock, StoreError> {
        self.prepare()?;
        let folder = self.run_folder(run);
        make_folder(&folder).map_err(StoreError::io(&folder))?;
        let path = folder.join("lock");
        let file = options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(StoreError::io(&path))?;
        file.lock().map_err(StoreError::io(&path))?;
        Ok(RunLock { _file: file })
    }

    /// Leaves nothing of something that was no run after all, but the memory that
    /// it is over.
    pub fn forget(&self, run: &RunId) {
        if let Ok(history) = self.index() {
            let _ = history.note_gone(run);
        }
        let _ = std::fs::remove_dir_all(self.run_folder(run));
    }

    /// Whether a run's process still lives.
    pub fn liveness(&self, run: &RunId) -> Liveness {
        if self.check().is_err() {
            return Liveness::Unknown;
        }
        let folder = self.run_folder(run);
        match ask(&folder.join("lock")) {
            Liveness::Unknown if folder.join("summary.json").is_file() => Liveness::Dead,
            Liveness::Unknown if self.is_gone(run, &folder) => Liveness::Dead,
            answer => answer,
        }
    }

    /// Whether the run is over and was removed on purpose.
    fn is_gone(&self, run: &RunId, folder: &Path) -> bool {
        let absent = matches!(
            folder.symlink_metadata(),
            Err(error) if error.kind() == ErrorKind::NotFound
        );
        absent
            && self.history_file().is_file()
            && self
                .index()
                .and_then(|history| history.is_gone(run))
                .unwrap_or(false)
    }
}

/// Asks a lock without waiting. A shared lock, so that two who ask do not take
/// each other for the run; a writable descriptor, without which NFS refuses.
fn ask(path: &Path) -> Liveness {
    let Ok(file) = OpenOptions::new().read(true).write(true).open(path) else {
        return Liveness::Unknown;
    };
    match file.try_lock_shared() {
        Ok(()) => Liveness::Dead,
        Err(TryLockError::WouldBlock) => Liveness::Live,
        Err(TryLockError::Error(_)) => Liveness::Unknown,
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
        let lock = state.begin(&run).expect("writable");
        assert_eq!(state.liveness(&run), Liveness::Live);
        assert_eq!(state.liveness(&run), Liveness::Live, "asked twice");
        drop(lock);
        assert_eq!(state.liveness(&run), Liveness::Dead);
    }

    #[test]
    fn two_who_ask_at_once_do_not_take_each_other_for_the_run() {
        let (_folder, state) = state();
        let run = RunId::new("r");
        drop(state.begin(&run).expect("writable"));
        let path = state.run_folder(&run).join("lock");
        let other = OpenOptions::new().read(true).write(true).open(path);
        let other = other.expect("there");
        other.try_lock_shared().expect("free");
        assert_eq!(state.liveness(&run), Liveness::Dead);
    }

    #[test]
    fn a_lock_that_cannot_be_asked_is_not_a_dead_run() {
        let (_folder, state) = state();
        let run = RunId::new("r");
        assert_eq!(state.liveness(&run), Liveness::Unknown, "no state at all");
        drop(state.begin(&run).expect("writable"));
        let lock = state.run_folder(&run).join("lock");
        std::fs::remove_file(&lock).expect("there");
        assert_eq!(state.liveness(&run), Liveness::Unknown, "no lock");
        std::fs::create_dir(&lock).expect("writable");
        assert_eq!(state.liveness(&run), Liveness::Unknown, "no file");
        std::fs::remove_dir_all(state.runs_folder()).expect("there");
        assert_eq!(state.liveness(&run), Liveness::Unknown, "no folder");
    }

    #[test]
    fn a_run_that_ended_or_was_forgotten_is_dead_without_a_lock() {
        let (_folder, state) = state();
        let run = RunId::new("r");
        drop(state.begin(&run).expect("writable"));
        let folder = state.run_folder(&run);
        std::fs::remove_file(folder.join("lock")).expect("there");
        std::fs::write(folder.join("summary.json"), "{}").expect("writable");
        assert_eq!(state.liveness(&run), Liveness::Dead);
        state.forget(&run);
        assert_eq!(state.liveness(&run), Liveness::Dead);
        assert_eq!(state.liveness(&RunId::new("other")), Liveness::Unknown);
    }

    #[test]
    fn nothing_is_dead_in_a_store_of_a_newer_version() {
        let (_folder, state) = state();
        let run = RunId::new("r");
        drop(state.begin(&run).expect("writable"));
        std::fs::write(state.folder().join("version"), "99").expect("writable");
        assert_eq!(state.liveness(&run), Liveness::Unknown);
    }
}
