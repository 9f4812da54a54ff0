use rusqlite::{Row, params};

use super::changes::{CHANGE, change};
use super::{Book, Change, StoreError};
use crate::model::{Moment, RunId};

/// What a run said of one cell at a commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The place of the commit in the order of its branch.
    pub position: i64,
    /// The request.
    pub request: i64,
    /// Who asked for it.
    pub scheduler: String,
    /// The run.
    pub run: RunId,
    /// When the run began.
    pub began: Moment,
    /// The cell's name.
    pub cell: String,
    /// The word of its outcome.
    pub outcome: String,
    /// How many of its tests count against it.
    pub bad: u64,
    /// Seconds it took.
    pub seconds: f64,
}

impl Book<'_> {
    /// The last changes of a branch, the newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_changes(
        &self,
        (repository, branch): (&str, &str),
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        self.rows(
            &format!(
                "{CHANGE} WHERE repository = ?1 AND branch = ?2 ORDER BY position DESC LIMIT ?3"
            ),
            params![repository, branch, limit],
            change,
        )
    }

    /// What runs said of a branch's cells at this place and behind it, the latest run
    /// last; tries say nothing of a branch, and probes a part of what was asked.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn judged(
        &self,
        (repository, branch): (&str, &str),
        from: i64,
    ) -> Result<Vec<Judged>, StoreError> {
        self.rows(
            "SELECT request.position, request.id, request.scheduler, run.id, run.began,
                    cell.name, cell.outcome, cell.bad, cell.seconds
             FROM request
             JOIN attempt ON attempt.request = request.id
             JOIN run ON run.id = attempt.run
             JOIN cell ON cell.run = run.id
             WHERE request.repository = ?1 AND request.branch = ?2 AND request.position >= ?3
                   AND request.kind NOT IN ('try', 'bisect')
             ORDER BY request.position, run.began, cell.name",
            params![repository, branch, from],
            judged,
        )
    }

    /// The places of commits for which another's request stands, with that request.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn covering(
        &self,
        (repository, branch): (&str, &str),
        from: i64,
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        self.rows(
            "SELECT change.position, covers.request FROM change
             JOIN covers ON covers.change = change.id
             WHERE change.repository = ?1 AND change.branch = ?2 AND change.position >= ?3
             ORDER BY change.position, covers.request",
            params![repository, branch, from],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

fn judged(row: &Row<'_>) -> rusqlite::Result<Judged> {
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(Judged {
        position: row.get(0)?,
        request: row.get(1)?,
        scheduler: row.get(2)?,
        run: RunId::new(row.get::<_, String>(3)?),
        began: Moment(row.get(4)?),
        cell: row.get(5)?,
        outcome: row.get(6)?,
        bad: unsigned(row.get(7)?),
        seconds: row.get(8)?,
    })
}
