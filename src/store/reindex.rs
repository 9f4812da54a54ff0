use std::path::{Path, PathBuf};

use super::error::is_rubbish;
use super::usage::bytes_of;
use super::{History, Liveness, State, StoreError};
use crate::model::RunId;

/// What making the index again came to.
#[derive(Debug, Default)]
pub struct Reindexed {
    /// Runs that are in it now.
    pub runs: u64,
    /// What could not be read, and is not in it.
    pub unreadable: Vec<(RunId, StoreError)>,
    /// Where what was no index was put.
    pub aside: Option<PathBuf>,
}

impl State {
    /// Makes the index again from the folders of runs. When images were last used
    /// stays as it is known.
    ///
    /// # Errors
    /// When the index cannot be written, or is a newer djbuild's.
    pub fn reindex(&self) -> Result<Reindexed, StoreError> {
        self.prepare()?;
        let path = self.history_file();
        let mut done = Reindexed::default();
        let mut history = match History::open(&path) {
            Err(StoreError::Index { error, .. }) if is_rubbish(&error) => {
                done.aside = Some(put_aside(&path)?);
                History::open(&path)?
            }
            opened => opened?,
        };
        let kept = self.folders()?;
        history.keep_only(&kept.iter().collect())?;
        for run in self.runs()? {
            match self.index_one(&mut history, &run) {
                Ok(()) => done.runs += 1,
                Err(error @ (StoreError::Index { .. } | StoreError::Newer { .. })) => {
                    return Err(error);
                }
                Err(error) => done.unreadable.push((run, error)),
            }
        }
        Ok(done)
    }

    /// Puts a run into the index as its folder has it. One that goes on is left to its
    /// own process, which knows more by now.
    pub(super) fn index_one(&self, history: &mut History, run: &RunId) -> Result<(), StoreError> {
        let is_live = self.liveness(run) == Liveness::Live;
        if is_live && history.has(run)? {
            return Ok(());
        }
        let summary = self.summary(run)?;
        history.add(&summary)?;
        match summary.seconds {
            Some(_) => history.note_bytes(run, bytes_of(&self.run_folder(run))),
            None => Ok(()),
        }
    }
}

/// Nothing is thrown away that somebody may want to look at.
fn put_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let aside = path.with_extension("broken");
    std::fs::rename(path, &aside).map_err(StoreError::io(path))?;
    for ending in ["sqlite3-wal", "sqlite3-shm"] {
        let _ = std::fs::remove_file(path.with_extension(ending));
    }
    Ok(aside)
}
