use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::past::{PastRun, Wanted};
use super::usage::bytes_of;
use super::{Liveness, State, StoreError, paths};
use crate::model::RunId;

/// How long runs are kept. The last of each branch and matrix stays whatever this
/// says, and so does what goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retention {
    /// How old a run may become.
    pub max_age: Duration,
    /// How many are kept.
    pub max_runs: u64,
    /// How much room they may take, in bytes.
    pub max_bytes: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(30 * 86_400),
            max_runs: 200,
            max_bytes: 2_000_000_000,
        }
    }
}

/// A run that need not be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reclaimable {
    /// Which.
    pub run: RunId,
    /// The room it takes, in bytes.
    pub bytes: u64,
    /// Why it may go.
    pub why: Excess,
}

/// Why a run may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// It is too old.
    Age,
    /// There are enough newer ones.
    Count,
    /// Newer ones take all the room.
    Size,
    /// It is what a process left that was killed before its run began.
    NoRun,
}

/// What is left of something that never became a run may go after so long.
const STILLBORN: Duration = Duration::from_secs(3600);

impl State {
    /// The runs that need not be kept, the newest first. What is in no index yet is
    /// put there.
    ///
    /// # Errors
    /// When the index cannot be read, or is a newer djbuild's.
    pub fn reclaimable(&self, retention: &Retention) -> Result<Vec<Reclaimable>, StoreError> {
        let now = SystemTime::now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut folders: BTreeSet<RunId> = self.folders()?.into_iter().collect();
        if folders.is_empty() {
            return Ok(Vec::new());
        }
        let mut known = self.history(&Wanted::default())?;
        let missing: Vec<RunId> = {
            let known: BTreeSet<&RunId> = known.iter().map(|run| &run.run).collect();
            let is_missing = |run: &&RunId| {
                !known.contains(run) && paths::events(&self.run_folder(run)).is_file()
            };
            folders.iter().filter(is_missing).cloned().collect()
        };
        let mut history = self.index()?;
        if !missing.is_empty() {
            for run in &missing {
                // What cannot be read stays, for somebody to look at.
                let _ = self.index_one(&mut history, run);
            }
            known = self.history(&Wanted::default())?;
        }
        let sizes = history.bytes()?;
        let mut last: BTreeSet<(String, String)> = BTreeSet::new();
        let (mut count, mut bytes, mut found) = (0, 0, Vec::new());
        for past in &known {
            if !folders.remove(&past.run) {
                continue;
            }
            let own = match sizes.get(&past.run) {
                Some(own) => *own,
                None => bytes_of(&self.run_folder(&past.run)),
            };
            count += 1;
            bytes += own;
            let is_going = past.ended.is_none() && past.outcome != "interrupted";
            let is_last = is_last(past, &mut last);
            let age = since.saturating_sub(Duration::from_millis(past.began));
            let why = match () {
                () if is_going || is_last => continue,
                () if age > retention.max_age => Excess::Age,
                () if count > retention.max_runs => Excess::Count,
                () if bytes > retention.max_bytes => Excess::Size,
                () => continue,
            };
            // What goes takes no room from what is older.
            count -= 1;
            bytes -= own;
            found.push(Reclaimable {
                run: past.run.clone(),
                bytes: own,
                why,
            });
        }
        found.extend(
            folders
                .into_iter()
                .filter_map(|run| self.stillborn(run, now)),
        );
        Ok(found)
    }

    /// Removes runs, and says how many bytes that freed. One that begins or cannot be
    /// removed is left alone.
    ///
    /// # Errors
    /// The first that could not be removed; the others are tried all the same.
    pub fn reclaim(&self, runs: &[Reclaimable]) -> Result<u64, StoreError> {
        let (mut freed, mut first_error) = (0, None);
        for reclaimable in runs {
            match self.remove(&reclaimable.run) {
                Ok(()) => freed += reclaimable.bytes,
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        match first_error {
            None => Ok(freed),
            Some(error) => Err(error),
        }
    }

    /// The index first: a folder that is left over is found again, and a row
    /// without one would promise what is not there.
    fn remove(&self, run: &RunId) -> Result<(), StoreError> {
        let folder = self.run_folder(run);
        self.index()?.note_gone(run)?;
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::io(folder)(error))
            }
            _ => Ok(()),
        }
    }

    fn stillborn(&self, run: RunId, now: SystemTime) -> Option<Reclaimable> {
        let folder = self.run_folder(&run);
        let changed = folder.metadata().ok()?.modified().ok()?;
        let age = now.duration_since(changed).unwrap_or_default();
        let is_over = !paths::events(&folder).exists()
            && age > STILLBORN
            && self.liveness(&run) == Liveness::Dead;
        is_over.then(|| Reclaimable {
            bytes: bytes_of(&folder),
            run,
            why: Excess::NoRun,
        })
    }
}

/// Whether a run is the last of any of its branches with its matrix.
fn is_last(past: &PastRun, seen: &mut BTreeSet<(String, String)>) -> bool {
    let mut is_last = false;
    for branch in &past.branches {
        is_last |= seen.insert((branch.branch.clone(), past.matrix.clone()));
    }
    is_last
}
