use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::rows::{note_images, put_cell, put_run};
use super::{State, StoreError, schema};
use crate::event::{CellSummary, Summary};
use crate::model::RunId;

/// The index of runs and cells. The folders of runs are the truth: it can be made
/// again from them.
pub struct History {
    path: PathBuf,
    connection: Connection,
}

impl State {
    /// The index of this state's runs, made the first time.
    ///
    /// # Errors
    /// When it cannot be opened, is no database, or is a newer djbuild's.
    pub fn index(&self) -> Result<History, StoreError> {
        self.check()?;
        History::open(&self.history_file())
    }
}

impl History {
    /// Opens the index, making it the first time.
    ///
    /// # Errors
    /// When it cannot be opened, is no database, or is a newer djbuild's.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            connection: schema::open(path)?,
            path: path.to_owned(),
        })
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn error(&self) -> impl FnOnce(rusqlite::Error) -> StoreError {
        StoreError::index(&self.path)
    }

    /// Adds or replaces a run: one that begins, or all there is to know of one that
    /// has ended.
    ///
    /// # Errors
    /// When the index cannot be written; then nothing of the run is changed.
    pub fn add(&mut self, summary: &Summary) -> Result<(), StoreError> {
        self.within(|transaction| {
            put_run(transaction, summary)?;
            note_images(transaction, summary)?;
            for cell in &summary.cells {
                if cell.outcome.is_some() || summary.seconds.is_some() {
                    put_cell(transaction, &summary.started.run, cell)?;
                }
            }
            Ok(())
        })
    }

    /// Adds or replaces a cell of a run that is there.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn add_cell(&self, run: &RunId, cell: &CellSummary) -> Result<(), StoreError> {
        put_cell(&self.connection, run, cell).map_err(self.error())
    }

    /// Notes how much room a run takes, in bytes.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn note_bytes(&self, run: &RunId, bytes: u64) -> Result<(), StoreError> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let query = "UPDATE run SET bytes = ?2 WHERE id = ?1";
        let noted = self.connection.execute(query, params![run.as_str(), bytes]);
        noted.map(|_| ()).map_err(self.error())
    }

    /// How much room each run takes that has ended, in bytes.
    pub(super) fn bytes(&self) -> Result<BTreeMap<RunId, u64>, StoreError> {
        let read = || {
            let query = "SELECT id, bytes FROM run WHERE bytes IS NOT NULL";
            let mut query = self.connection.prepare(query)?;
            let rows = query.query_map([], |row| {
                let bytes: i64 = row.get(1)?;
                Ok((
                    RunId::new(row.get::<_, String>(0)?),
                    u64::try_from(bytes).unwrap_or(0),
                ))
            })?;
            rows.collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.error())
    }

    /// Removes a run and notes that it is over: what it left on an engine may go.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn note_gone(&self, run: &RunId) -> Result<(), StoreError> {
        let note = || {
            let connection = &self.connection;
            connection.execute("DELETE FROM run WHERE id = ?1", [run.as_str()])?;
            connection.execute(
                "INSERT OR REPLACE INTO gone VALUES (?1, unixepoch())",
                [run.as_str()],
            )?;
            // Nothing lies about on an engine for a year.
            connection.execute("DELETE FROM gone WHERE at < unixepoch() - 31536000", [])
        };
        note().map(|_| ()).map_err(self.error())
    }

    /// Whether a run was removed after it was over.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn is_gone(&self, run: &RunId) -> Result<bool, StoreError> {
        let query = "SELECT 1 FROM gone WHERE id = ?1";
        self.connection
            .query_row(query, [run.as_str()], |_| Ok(()))
            .optional()
            .map(|found| found.is_some())
            .map_err(self.error())
    }

    /// Whether a run is in it.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub(super) fn has(&self, run: &RunId) -> Result<bool, StoreError> {
        let query = "SELECT 1 FROM run WHERE id = ?1";
        let found = self.connection.query_row(query, [run.as_str()], |_| Ok(()));
        found
            .optional()
            .map(|found| found.is_some())
            .map_err(self.error())
    }

    /// Leaves no other runs in it.
    ///
    /// # Errors
    /// When the index cannot be written; then nothing is changed.
    pub(super) fn keep_only(&mut self, runs: &BTreeSet<&RunId>) -> Result<(), StoreError> {
        self.within(|transaction| {
            let mut query = transaction.prepare("SELECT id FROM run")?;
            let ids = query.query_map([], |row| row.get::<_, String>(0))?;
            let ids: Vec<RunId> = ids.map(|id| id.map(RunId::new)).collect::<Result<_, _>>()?;
            for id in ids.iter().filter(|id| !runs.contains(id)) {
                transaction.execute("DELETE FROM run WHERE id = ?1", [id.as_str()])?;
            }
            Ok(())
        })
    }

    /// Notes which images were used, of something that is no run.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn add_images(&self, summary: &Summary) -> Result<(), StoreError> {
        note_images(&self.connection, summary).map_err(self.error())
    }

    /// When each image was last used, in seconds since 1970, by its tag.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn images(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        let read = || {
            let mut query = self.connection.prepare("SELECT tag, used FROM image")?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.error())
    }

    /// Does all of it or nothing, and waits for others who write first.
    fn within(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let path = self.path.clone();
        let connection = &mut self.connection;
        let done = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .and_then(|transaction| {
                work(&transaction)?;
                transaction.commit()
            });
        done.map_err(StoreError::index(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Envelope, Event, RunStarted};
    use crate::model::{Cell, Outcome};

    fn cell(branch: &str) -> Cell {
        Cell {
            branch: branch.into(),
            python: "3.14".parse().expect("a literal"),
            database: "sqlite".parse().expect("a literal"),
            variant: None,
        }
    }

    fn run(id: &str, began: u64, branch: &str, outcome: Outcome, seconds: f64) -> Summary {
        let started = RunStarted {
            run: RunId::new(id),
            djbuild: "0".into(),
            revisions: vec![],
            cells: vec![cell(branch)],
            excluded: vec![],
            arguments: vec!["basic".into()],
            flags: vec![],
            matrix: "quick".into(),
            jobs: 1,
            scheduler: None,
            cause: None,
        };
        let envelope = Envelope {
            seq: 1,
            at: began,
            event: Event::RunStarted(Box::new(started)),
        };
        let mut summary = Summary::begin(&envelope).expect("a start");
        summary.apply(&Event::CellFinished {
            cell: cell(branch).name(),
            outcome,
            cause: None,
            detail: String::new(),
            log: Vec::new(),
            seconds,
        });
        summary
    }

    #[test]
    fn a_run_that_is_gone_is_remembered_as_over() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut history = History::open(&folder.path().join("h")).expect("writable");
        let summary = run("1", 1, "main", Outcome::Passed, 10.0);
        history.add(&summary).expect("writable");
        let id = RunId::new("1");
        assert!(!history.is_gone(&id).expect("readable"));
        history.note_gone(&id).expect("writable");
        assert!(history.is_gone(&id).expect("readable"));
    }

    #[test]
    fn what_is_no_database_is_an_error_and_stays_as_it_was() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("history.sqlite3");
        let rubbish = "no database ".repeat(100);
        std::fs::write(&path, &rubbish).expect("writable");
        assert!(History::open(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), rubbish);
    }
}
