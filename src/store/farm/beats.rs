use rusqlite::params;

use super::{Book, StoreError};
use crate::model::Moment;

/// A sign of life of a part of a watcher, or a mark that it has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// Which part.
    pub part: String,
    /// When.
    pub at: Moment,
}

impl Book<'_> {
    /// Gives a sign of life.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn beat(&self, part: &str, now: Moment) -> Result<(), StoreError> {
        self.write(
            "beat",
            "INSERT OR REPLACE INTO beat VALUES (?1, ?2)",
            params![part, now.0],
        )?;
        Ok(())
    }

    /// Takes it back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn unbeat(&self, part: &str) -> Result<(), StoreError> {
        self.write("beat", "DELETE FROM beat WHERE part = ?1", [part])?;
        Ok(())
    }

    /// The last signs of life.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn beats(&self) -> Result<Vec<Beat>, StoreError> {
        self.rows("SELECT part, at FROM beat ORDER BY part", [], |row| {
            Ok(Beat {
                part: row.get(0)?,
                at: Moment(row.get(1)?),
            })
        })
    }
}
