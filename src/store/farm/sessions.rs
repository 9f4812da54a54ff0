use rusqlite::params;

use super::{Book, StoreError};
use crate::model::Moment;

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The hash of what their browser shows.
    pub hash: String,
    /// Who they are.
    pub name: String,
    /// What the hash of their password was, hashed: with another password it is another.
    pub proof: String,
    /// Whether they might steer when that was asked last.
    pub steers: bool,
    /// When they logged in.
    pub made: Moment,
    /// When it was asked last what they may.
    pub checked: Moment,
    /// When it ends.
    pub expires: Moment,
}

impl Book<'_> {
    /// A session, by the hash of what is shown.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn session(&self, hash: &str) -> Result<Option<SessionRow>, StoreError> {
        self.row(
            "SELECT hash, name, proof, steers, made, checked, expires FROM session
             WHERE hash = ?1",
            [hash],
            |row| {
                Ok(SessionRow {
                    hash: row.get(0)?,
                    name: row.get(1)?,
                    proof: row.get(2)?,
                    steers: row.get(3)?,
                    made: Moment(row.get(4)?),
                    checked: Moment(row.get(5)?),
                    expires: Moment(row.get(6)?),
                })
            },
        )
    }

    /// Keeps a new session.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_session(&self, session: &SessionRow) -> Result<(), StoreError> {
        self.write(
            "session",
            "INSERT INTO session VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                session.hash,
                session.name,
                session.proof,
                session.steers,
                session.made.0,
                session.checked.0,
                session.expires.0
            ],
        )?;
        Ok(())
    }

    /// Notes what was asked of a session's user. One that ended meanwhile stays so.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_session(&self, session: &SessionRow) -> Result<(), StoreError> {
        self.write(
            "session",
            "UPDATE session SET steers = ?2, checked = ?3, expires = ?4 WHERE hash = ?1",
            params![
                session.hash,
                session.steers,
                session.checked.0,
                session.expires.0
            ],
        )?;
        Ok(())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end_session(&self, hash: &str) -> Result<(), StoreError> {
        self.write("session", "DELETE FROM session WHERE hash = ?1", [hash])?;
        Ok(())
    }

    /// Forgets sessions whose time is over.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn forget_sessions(&self, now: Moment) -> Result<(), StoreError> {
        self.write(
            "session",
            "DELETE FROM session WHERE expires <= ?1",
            [now.0],
        )?;
        Ok(())
    }
}
