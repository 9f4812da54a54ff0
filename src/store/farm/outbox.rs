use rusqlite::{Row, params};

use super::{Book, StoreError};
use crate::model::Moment;

/// Something that somebody is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// The same notice has the same id, however often it is written.
    pub id: String,
    /// Who.
    pub receiver: String,
    /// What, as JSON.
    pub body: String,
}

/// A notice on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its place in the order in which notices were written.
    pub number: i64,
    /// What it is.
    pub notice: NewNotice,
    /// When it was written.
    pub made: Moment,
    /// Where it is.
    pub posted: Posted,
    /// How many times it was tried.
    pub tries: u32,
    /// When it is tried next.
    pub next: Moment,
    /// What went wrong last.
    pub trouble: Option<String>,
}

/// Where a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It has to be sent.
    Waiting,
    /// It was taken.
    Sent(Moment),
    /// It was tried for long enough.
    Dead,
}

const NOTICE: &str = "SELECT number, id, receiver, body, made, state, tries, next, trouble, sent
    FROM notice";

impl Book<'_> {
    /// Writes a notice, unless it was written before.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_notice(&self, notice: &NewNotice, now: Moment) -> Result<(), StoreError> {
        self.write(
            "notice",
            "INSERT OR IGNORE INTO notice
             VALUES (NULL, ?1, ?2, ?3, ?4, 'waiting', 0, ?4, NULL, NULL)",
            params![notice.id, notice.receiver, notice.body, now.0],
        )?;
        Ok(())
    }

    /// The first notice that each receiver has not got, in the order of writing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_notices(&self) -> Result<Vec<OutboxRow>, StoreError> {
        self.rows(
            &format!(
                "{NOTICE} WHERE number IN (SELECT min(number) FROM notice
                 WHERE state = 'waiting' GROUP BY receiver) ORDER BY number"
            ),
            [],
            notice,
        )
    }

    /// The notices that have not been sent, the dead ones too.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn unsent_notices(&self) -> Result<Vec<OutboxRow>, StoreError> {
        self.rows(
            &format!("{NOTICE} WHERE state <> 'sent' ORDER BY number"),
            [],
            notice,
        )
    }

    /// The last notices, the latest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_notices(&self, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        self.rows(
            &format!("{NOTICE} ORDER BY number DESC LIMIT ?1"),
            [limit],
            notice,
        )
    }

    /// All notices there are, for whoever checks them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn all_notices(&self) -> Result<Vec<OutboxRow>, StoreError> {
        self.rows(&format!("{NOTICE} ORDER BY number"), [], notice)
    }

    /// A notice, by its id or its number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn notice(&self, id: &str) -> Result<Option<OutboxRow>, StoreError> {
        self.row(
            &format!("{NOTICE} WHERE id = ?1 OR CAST(number AS TEXT) = ?1"),
            [id],
            notice,
        )
    }

    /// Notes what became of a notice.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put_posted(&self, row: &OutboxRow) -> Result<(), StoreError> {
        let (state, sent) = match row.posted {
            Posted::Waiting => ("waiting", None),
            Posted::Sent(at) => ("sent", Some(at.0)),
            Posted::Dead => ("dead", None),
        };
        self.write(
            "posted",
            "UPDATE notice SET state = ?2, tries = ?3, next = ?4, trouble = ?5, sent = ?6,
             made = ?7 WHERE number = ?1",
            params![
                row.number,
                state,
                row.tries,
                row.next.0,
                row.trouble,
                sent,
                row.made.0
            ],
        )?;
        Ok(())
    }
}

fn notice(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    let sent: Option<i64> = row.get(9)?;
    Ok(OutboxRow {
        number: row.get(0)?,
        notice: NewNotice {
            id: row.get(1)?,
            receiver: row.get(2)?,
            body: row.get(3)?,
        },
        made: Moment(row.get(4)?),
        posted: match (row.get::<_, String>(5)?.as_str(), sent) {
            ("sent", Some(at)) => Posted::Sent(Moment(at)),
            ("dead", _) => Posted::Dead,
            _ => Posted::Waiting,
        },
        tries: row.get(6)?,
        next: Moment(row.get(7)?),
        trouble: row.get(8)?,
    })
}
