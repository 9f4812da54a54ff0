//! What the index has of a run and a cell.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::event::{CellSummary, Summary};
use crate::model::{Cause, Outcome, RunId};

/// The outcome of a run that has none yet.
pub const RUNNING: &str = "running";
/// The outcome of a cell that has none yet.
pub const UNFINISHED: &str = "unfinished";

/// What was tested of one branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastBranch {
    /// The branch's name, or the release's version.
    pub branch: String,
    /// The commit, where there is one.
    pub revision: Option<String>,
    /// Where it came from, as `--source` takes it.
    pub source: String,
    /// How many files differed from the commit.
    #[serde(default)]
    pub modified: usize,
}

/// So many tests that count against a cell are in the index: where all do, these say enough.
const BAD_TESTS: usize = 1000;

pub fn put_run(connection: &Connection, summary: &Summary) -> rusqlite::Result<()> {
    let started = &summary.started;
    let branches: Vec<PastBranch> = started
        .revisions
        .iter()
        .map(|revision| PastBranch {
            branch: revision.branch.clone(),
            revision: revision.commit.clone(),
            source: revision.source.clone(),
            modified: revision.modified,
        })
        .collect();
    // Who asked for it, where the run says so.
    let told = serde_json::to_value(started).unwrap_or_default();
    let word = |key: &str| match &told[key] {
        serde_json::Value::Null => None,
        serde_json::Value::String(word) => Some(word.clone()),
        other => Some(other.to_string()),
    };
    #[allow(clippy::cast_possible_truncation)]
    let ended = summary
        .seconds
        .map(|seconds| integer(summary.began).saturating_add((seconds * 1000.0).round() as i64));
    let outcome = match summary.seconds {
        Some(_) => summary.outcome().as_str(),
        None => RUNNING,
    };
    let values = params![
        started.run.as_str(),
        integer(summary.began),
        ended,
        summary.seconds,
        outcome,
        started.matrix,
        list(&started.arguments),
        serde_json::to_string(&branches).unwrap_or_default(),
        word("scheduler"),
        word("cause"),
        integer(summary.cells.len() as u64),
    ];
    connection
        .execute(
            "INSERT INTO run (id, began, ended, seconds, outcome, matrix, arguments, branches,
                              scheduler, cause, planned)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (id) DO UPDATE SET began = ?2, ended = ?3, seconds = ?4, outcome = ?5,
                 matrix = ?6, arguments = ?7, branches = ?8, scheduler = ?9, cause = ?10,
                 planned = ?11",
            values,
        )
        .map(|_| ())
}

pub fn put_cell(connection: &Connection, run: &RunId, cell: &CellSummary) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO cell
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            run.as_str(),
            cell.name.as_str(),
            cell.cell.branch,
            cell.cell.python.to_string(),
            cell.cell.database.to_string(),
            cell.cell.variant,
            cell.outcome.map_or(UNFINISHED, Outcome::as_str),
            cell.cause.map(Cause::as_str),
            cell.seconds,
            integer(cell.counts.tests),
            integer(cell.counts.bad()),
            integer(cell.counts.skipped),
        ])?;
    put_bad(connection, run, cell)
}

/// The tests that count against a cell.
fn put_bad(connection: &Connection, run: &RunId, cell: &CellSummary) -> rusqlite::Result<()> {
    let place = params![run.as_str(), cell.name.as_str()];
    connection
        .prepare_cached("DELETE FROM bad WHERE run = ?1 AND cell = ?2")?
        .execute(place)?;
    for failure in cell.failures.iter().take(BAD_TESTS) {
        connection
            .prepare_cached(
                "INSERT INTO bad VALUES (?1, ?2, ?3, ?4, 1)
                 ON CONFLICT DO UPDATE SET times = times + 1",
            )?
            .execute(params![
                run.as_str(),
                cell.name.as_str(),
                failure.result.test,
                failure.result.outcome.as_str(),
            ])?;
    }
    Ok(())
}

pub fn note_images(connection: &Connection, summary: &Summary) -> rusqlite::Result<()> {
    let when = integer(summary.began / 1000);
    for tag in &summary.images_used {
        connection.execute(
            "INSERT INTO image VALUES (?1, ?2)
             ON CONFLICT (tag) DO UPDATE SET used = max(used, excluded.used)",
            params![tag, when],
        )?;
    }
    Ok(())
}

/// Words as one text, each with its own ends.
pub fn list(words: &[String]) -> String {
    serde_json::to_string(words).unwrap_or_default()
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
