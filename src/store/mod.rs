//! What happened, kept: one folder per run, which is the truth, and an index of all
//! in SQLite, which can be made again from them.
//!
//! ```text
//! <state>/version                       the format of all this
//! <state>/owner                         marks this installation's containers
//! <state>/history.sqlite3               runs and cells, for durations and lists
//! <state>/runs/<run>/lock               locked while the run lives
//! <state>/runs/<run>/events.jsonl.zst   what concerns the run as a whole
//! <state>/runs/<run>/tests.jsonl.zst    the ids of its tests, each once
//! <state>/runs/<run>/cells/<cell>.jsonl.zst
//! <state>/runs/<run>/images/<image>.log
//! <state>/runs/<run>/summary.json       once it has ended
//! ```
//!
//! **Architecture invariant:** a run that has ended, or whose process was killed at
//! any moment, is read from its folder alone.

mod cell_log;
mod detail;
mod error;
mod estimates;
pub mod farm;
mod follow;
mod history;
mod hunt_tables;
mod line;
mod liveness;
mod log;
mod login_tables;
mod names;
mod one_test;
mod owner;
mod past;
mod paths;
mod private;
mod recorder;
mod reindex;
mod replay;
mod retention;
mod rows;
mod runs;
mod schema;
mod state;
mod tail;
mod test_past;
#[cfg(test)]
mod tests;
mod usage;
mod watch_tables;

pub use detail::{CellDetail, PhaseTime};
pub use error::StoreError;
pub use estimates::Estimates;
pub use follow::Follow;
pub use history::History;
pub use liveness::{Liveness, RunLock};
pub use owner::{Here, Marks};
pub use past::{Choice, PastRun, Wanted};
pub use recorder::Recorder;
pub use reindex::Reindexed;
pub use retention::{Excess, Reclaimable, Retention};
pub use rows::PastBranch;
pub use state::State;
pub use test_past::TestSeen;
