//! What happened, kept: an index in SQLite, and one compressed event log per
//! cell.
//!
//! ```text
//! <state>/owner                         marks this installation's containers
//! <state>/history.sqlite3               runs and cells, for durations and lists
//! <state>/runs/<run>/lock               locked while the run lives
//! <state>/runs/<run>/events.jsonl.zst   what concerns the run as a whole
//! <state>/runs/<run>/cells/<cell>.jsonl.zst
//! <state>/runs/<run>/images/<image>.log
//! <state>/runs/<run>/summary.json
//! ```

mod estimates;
mod history;
mod log;
mod recorder;
mod runs;

use std::path::PathBuf;

pub use estimates::Estimates;
pub use history::History;
pub use recorder::Recorder;
pub use runs::{RunLock, State};

/// Why something could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The index could not be read or written.
    #[error("{path}: {error}")]
    Index {
        /// Where it is.
        path: PathBuf,
        /// What SQLite said.
        error: rusqlite::Error,
    },
    /// A log does not hold a run.
    #[error("{0}: no run is recorded here")]
    NoRun(PathBuf),
}

impl StoreError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }
}
