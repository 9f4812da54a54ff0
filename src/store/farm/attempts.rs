use rusqlite::params;

use super::{Book, StoreError};
use crate::model::{Moment, RunId};

/// One time that a request was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// Its run, once there is one.
    pub run: Option<RunId>,
    /// When it began.
    pub began: Moment,
    /// When it ended.
    pub ended: Option<Moment>,
    /// How.
    pub outcome: Option<String>,
}

impl Book<'_> {
    /// Begins to carry a request out; `None` where it does not wait.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin_attempt(&self, id: i64, now: Moment) -> Result<Option<u32>, StoreError> {
        let begun = self.write(
            "attempt",
            "UPDATE request SET state = 'running' WHERE id = ?1 AND state = 'waiting'",
            [id],
        )?;
        if begun == 0 {
            return Ok(None);
        }
        let number = self
            .attempts(id)?
            .last()
            .map_or(1, |attempt| attempt.number + 1);
        self.write(
            "attempt",
            "INSERT INTO attempt VALUES (?1, ?2, NULL, ?3, NULL, NULL)",
            params![id, number, now.0],
        )?;
        Ok(Some(number))
    }

    /// Notes the run of a request's last attempt.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_run(&self, id: i64, run: &RunId) -> Result<(), StoreError> {
        self.write(
            "run",
            "UPDATE attempt SET run = ?2 WHERE request = ?1 AND ended IS NULL",
            params![id, run.as_str()],
        )?;
        Ok(())
    }

    /// The attempts at a request, the first first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn attempts(&self, id: i64) -> Result<Vec<Attempt>, StoreError> {
        self.rows(
            "SELECT number, run, began, ended, outcome FROM attempt WHERE request = ?1
             ORDER BY number",
            [id],
            |row| {
                Ok(Attempt {
                    number: row.get(0)?,
                    run: row.get::<_, Option<String>>(1)?.map(RunId::new),
                    began: Moment(row.get(2)?),
                    ended: row.get::<_, Option<i64>>(3)?.map(Moment),
                    outcome: row.get(4)?,
                })
            },
        )
    }

    /// Ends the last attempt at a request.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end_attempt(&self, id: i64, outcome: &str, now: Moment) -> Result<(), StoreError> {
        self.write(
            "attempt ended",
            "UPDATE attempt SET ended = ?2, outcome = ?3 WHERE request = ?1 AND ended IS NULL",
            params![id, now.0, outcome],
        )?;
        Ok(())
    }

    /// The request that a run was for.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn request_of(&self, run: &RunId) -> Result<Option<i64>, StoreError> {
        self.row(
            "SELECT request FROM attempt WHERE run = ?1",
            [run.as_str()],
            |row| row.get(0),
        )
    }
}
