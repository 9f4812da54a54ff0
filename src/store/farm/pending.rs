use rusqlite::params;

use super::changes::{Change, change};
use super::{Book, StoreError};
use crate::model::Moment;

/// A change that a scheduler waits with, for more may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Which.
    pub change: Change,
    /// Since when.
    pub since: Moment,
}

impl Book<'_> {
    /// Lets a change wait for a scheduler; once is enough.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_pending(
        &self,
        scheduler: &str,
        change: i64,
        since: Moment,
    ) -> Result<(), StoreError> {
        self.write(
            "pending",
            "INSERT OR IGNORE INTO pending VALUES (?1, ?2, ?3)",
            params![scheduler, change, since.0],
        )?;
        Ok(())
    }

    /// What waits for a scheduler, branch by branch, in the order of each.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pending(&self, scheduler: &str) -> Result<Vec<Pending>, StoreError> {
        self.rows(
            "SELECT change.id, repository, branch, revision, turn, position, author, committed,
                    subject, files, seen, parents, since
             FROM pending JOIN change ON change.id = pending.change
             WHERE scheduler = ?1 ORDER BY repository, branch, position",
            [scheduler],
            |row| {
                Ok(Pending {
                    change: change(row)?,
                    since: Moment(row.get(12)?),
                })
            },
        )
    }

    /// Ends a change's waiting for a scheduler.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remove_pending(&self, scheduler: &str, change: i64) -> Result<(), StoreError> {
        self.write(
            "pending",
            "DELETE FROM pending WHERE scheduler = ?1 AND change = ?2",
            params![scheduler, change],
        )?;
        Ok(())
    }

    /// The schedulers that something waits for.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn waited_for(&self) -> Result<Vec<String>, StoreError> {
        self.rows("SELECT DISTINCT scheduler FROM pending", [], |row| {
            row.get(0)
        })
    }

    /// Sets all clocks that are ahead of this one back to it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_back(&self, now: Moment) -> Result<(), StoreError> {
        self.write(
            "pending",
            "UPDATE pending SET since = ?1 WHERE since > ?1",
            [now.0],
        )?;
        Ok(())
    }
}
