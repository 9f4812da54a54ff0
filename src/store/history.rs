use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, params};

use super::StoreError;
use crate::event::Summary;
use crate::model::Cell;

/// The index of runs and cells.
pub struct History {
    path: PathBuf,
    connection: Connection,
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS run (
    id          TEXT PRIMARY KEY,
    began       INTEGER NOT NULL,
    seconds     REAL,
    outcome     TEXT NOT NULL,
    source      TEXT NOT NULL,
    arguments   TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS cell (
    run         TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    branch      TEXT NOT NULL,
    python      TEXT NOT NULL,
    database    TEXT NOT NULL,
    variant     TEXT,
    outcome     TEXT NOT NULL,
    cause       TEXT,
    seconds     REAL NOT NULL,
    tests       INTEGER NOT NULL,
    bad         INTEGER NOT NULL,
    skipped     INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS image (
    tag         TEXT PRIMARY KEY,
    used        INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS cell_by_place ON cell (python, database, branch);
PRAGMA user_version = 1;
";

impl History {
    /// Opens the index, making it the first time.
    ///
    /// # Errors
    /// When it cannot be opened or is no database.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(StoreError::io(folder))?;
        }
        let open = || {
            let connection = Connection::open(path)?;
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.execute_batch(SCHEMA)?;
            Ok(connection)
        };
        match open() {
            Ok(connection) => Ok(Self {
                path: path.to_owned(),
                connection,
            }),
            Err(error) => Err(StoreError::Index {
                path: path.to_owned(),
                error,
            }),
        }
    }

    /// Adds a run that has ended.
    ///
    /// # Errors
    /// When the index cannot be written; then nothing of the run is in it.
    pub fn add(&mut self, summary: &Summary) -> Result<(), StoreError> {
        let path = self.path.clone();
        let mut add = || {
            let transaction = self.connection.transaction()?;
            let started = &summary.started;
            let revisions: Vec<String> = started
                .revisions
                .iter()
                .map(|revision| format!("{} {revision}", revision.source))
                .collect();
            transaction.execute(
                "INSERT OR REPLACE INTO run VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    started.run.as_str(),
                    i64::try_from(summary.began).unwrap_or(i64::MAX),
                    summary.seconds,
                    summary.outcome().as_str(),
                    revisions.join(", "),
                    started.arguments.join(" "),
                ],
            )?;
            note_images(&transaction, summary)?;
            for cell in &summary.cells {
                transaction.execute(
                    "INSERT INTO cell VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                    params![
                        started.run.as_str(),
                        cell.cell.branch,
                        cell.cell.python.to_string(),
                        cell.cell.database.to_string(),
                        cell.cell.variant,
                        cell.outcome
                            .map_or("unfinished", |outcome| outcome.as_str()),
                        cell.cause.map(crate::model::Cause::as_str),
                        cell.seconds,
                        i64::try_from(cell.counts.tests).unwrap_or(i64::MAX),
                        i64::try_from(cell.counts.bad()).unwrap_or(i64::MAX),
                        i64::try_from(cell.counts.skipped).unwrap_or(i64::MAX),
                    ],
                )?;
            }
            transaction.commit()
        };
        add().map_err(|error| StoreError::Index { path, error })
    }

    /// Notes which images were used, of something that is no run.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn add_images(&self, summary: &Summary) -> Result<(), StoreError> {
        note_images(&self.connection, summary).map_err(|error| StoreError::Index {
            path: self.path.clone(),
            error,
        })
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
        read().map_err(|error| StoreError::Index {
            path: self.path.clone(),
            error,
        })
    }

    /// How long a cell took, in seconds, the last time it ran to its end with
    /// the same arguments; on another branch, if never on its own.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn expected_seconds(
        &self,
        cell: &Cell,
        arguments: &[String],
    ) -> Result<Option<f64>, StoreError> {
        let found = self.connection.query_row(
            "SELECT cell.seconds FROM cell JOIN run ON run.id = cell.run
             WHERE python = ?1 AND database = ?2 AND arguments = ?3
               AND cell.outcome IN ('passed', 'failed')
             ORDER BY variant IS ?5 DESC, branch = ?4 DESC, began DESC LIMIT 1",
            params![
                cell.python.to_string(),
                cell.database.to_string(),
                arguments.join(" "),
                cell.branch,
                cell.variant,
            ],
            |row| row.get(0),
        );
        match found {
            Ok(seconds) => Ok(Some(seconds)),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            Err(error) => Err(StoreError::Index {
                path: self.path.clone(),
                error,
            }),
        }
    }
}

fn note_images(connection: &Connection, summary: &Summary) -> rusqlite::Result<()> {
    let when = i64::try_from(summary.began / 1000).unwrap_or(i64::MAX);
    for tag in &summary.images_used {
        connection.execute(
            "INSERT INTO image VALUES (?1, ?2)
             ON CONFLICT (tag) DO UPDATE SET used = max(used, excluded.used)",
            params![tag, when],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Envelope, Event, RunStarted};
    use crate::model::{Outcome, RunId};

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
    fn a_cell_is_expected_to_take_what_it_took_last() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("history.sqlite3");
        let mut history = History::open(&path).expect("writable");
        let basic = ["basic".to_owned()];
        let expected = |history: &History, branch, arguments: &[String]| {
            let cell = cell(branch);
            history
                .expected_seconds(&cell, arguments)
                .expect("readable")
        };
        assert_eq!(expected(&history, "main", &basic), None);
        for summary in [
            run("1", 1, "main", Outcome::Passed, 10.0),
            run("2", 2, "main", Outcome::Failed, 20.0),
            run("3", 3, "main", Outcome::Infrastructure, 1.0),
            run("4", 4, "other", Outcome::Passed, 40.0),
        ] {
            history.add(&summary).expect("writable");
        }
        assert_eq!(expected(&history, "main", &basic), Some(20.0));
        assert_eq!(expected(&history, "third", &basic), Some(40.0));
        assert_eq!(
            expected(&history, "main", &[]),
            None,
            "other labels, other times"
        );
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
