use schemars::JsonSchema;
use serde::Serialize;

use crate::event::CellSummary;

/// A cell of a run.
#[derive(Serialize, JsonSchema)]
pub struct CellRow {
    /// Its name.
    pub cell: String,
    /// The word of its outcome.
    pub outcome: String,
    /// Why, unless it is a verdict on Django.
    pub why: String,
    /// Tests that ran.
    pub tests: u64,
    /// Tests there are, once that is known.
    pub collected: Option<u64>,
    /// Those that count against it.
    pub bad: u64,
    /// Those that were skipped.
    pub skipped: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// How many times it was begun.
    pub attempts: u32,
}

impl CellRow {
    /// A cell as it is so far.
    pub fn of(cell: &CellSummary) -> Self {
        Self {
            cell: cell.name.to_string(),
            outcome: match cell.outcome {
                Some(outcome) => outcome.to_string(),
                None if cell.attempts > 0 => "running".to_owned(),
                None => "waiting".to_owned(),
            },
            why: match cell.cause {
                Some(cause) => format!("{cause} {}", cell.detail),
                None => cell.detail.clone(),
            },
            tests: cell.counts.tests,
            collected: cell.collected,
            bad: cell.counts.bad(),
            skipped: cell.counts.skipped,
            seconds: cell.seconds,
            attempts: cell.attempts,
        }
    }
}
