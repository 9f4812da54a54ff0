//! The words of djbuild as plain values: no I/O, no clock, no environment.

mod cell;
mod counts;
mod database;
mod id;
mod moment;
mod outcome;
mod python;
mod redact;
mod revision;
mod version;
mod words;

pub use cell::{Cell, CellName};
pub use counts::{Counts, TestOutcome};
pub use database::{DatabaseKind, DatabaseSpec};
pub use id::RunId;
pub use moment::Moment;
pub use outcome::{Cause, Outcome, Phase};
pub use python::{Implementation, PythonSpec};
pub use redact::redacted;
pub use revision::{Revision, SnapshotId, short};
pub use version::Version;
pub use words::{bytes, duration, hex, plural, printable};

/// A word the user typed that is not one of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {typed:?}: {problem}")]
pub struct ParseError {
    /// What was expected, for example `database`.
    pub what: &'static str,
    /// The word as typed.
    pub typed: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

impl ParseError {
    fn new(what: &'static str, typed: &str, problem: impl Into<String>) -> Self {
        Self {
            what,
            typed: typed.to_owned(),
            problem: problem.into(),
        }
    }
}
