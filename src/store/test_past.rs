use rusqlite::params;

use super::{State, StoreError};
use crate::model::{Moment, RunId};

/// A test in one cell of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestSeen {
    /// The run.
    pub run: RunId,
    /// When it began.
    pub began: Moment,
    /// The branch.
    pub branch: String,
    /// The commit, as far as it is known.
    pub revision: Option<String>,
    /// The cell's name.
    pub cell: String,
    /// The word of the cell's outcome.
    pub cell_outcome: String,
    /// What became of the test, where that counts against the cell.
    pub bad: Option<String>,
}

impl State {
    /// What became of a test in the cells of the last runs, the last first. Of tests that
    /// did not fail nothing is kept here but that their cell passed, or failed otherwise.
    ///
    /// # Errors
    /// When the index cannot be read, or is a newer djbuild's.
    pub fn past_of_test(
        &self,
        test: &str,
        branch: Option<&str>,
        runs: u32,
    ) -> Result<Vec<TestSeen>, StoreError> {
        self.check()?;
        if !self.history_file().is_file() {
            return Ok(Vec::new());
        }
        let history = self.index()?;
        let read = || {
            let mut query = history.connection().prepare(
                "WITH last AS (
                     SELECT id, began, branches FROM run
                     WHERE ?2 IS NULL OR EXISTS (
                         SELECT 1 FROM cell WHERE cell.run = run.id AND cell.branch = ?2)
                     ORDER BY began DESC, id DESC LIMIT ?3)
                 SELECT last.id, last.began, cell.branch, last.branches, cell.name, cell.outcome,
                        bad.outcome
                 FROM last JOIN cell ON cell.run = last.id
                 LEFT JOIN bad ON bad.run = last.id AND bad.cell = cell.name AND bad.test = ?1
                 WHERE ?2 IS NULL OR cell.branch = ?2
                 ORDER BY last.began DESC, last.id DESC, cell.name",
            )?;
            let rows = query.query_map(params![test, branch, runs], |row| {
                let branch: String = row.get(2)?;
                let branches: String = row.get(3)?;
                Ok(TestSeen {
                    run: RunId::new(row.get::<_, String>(0)?),
                    began: Moment(row.get(1)?),
                    revision: revision(&branches, &branch),
                    branch,
                    cell: row.get(4)?,
                    cell_outcome: row.get(5)?,
                    bad: row.get(6)?,
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(history.error())
    }
}

fn revision(branches: &str, branch: &str) -> Option<String> {
    let known: Vec<super::PastBranch> = serde_json::from_str(branches).ok()?;
    known.into_iter().find(|one| one.branch == branch)?.revision
}
