use rusqlite::params;

use super::{Book, StoreError};
use crate::model::Moment;

/// What is known of a scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulerRow {
    /// When it was first there.
    pub began: Moment,
    /// The time of its schedule that it was set off for last.
    pub fired: Option<Moment>,
    /// What it did then, or why it did nothing.
    pub word: Option<String>,
}

/// What a scheduler knows of a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    /// The commit that it completed last.
    pub completed: Option<String>,
    /// When.
    pub at: Option<Moment>,
    /// How many of its runs in a row were cancelled for newer commits.
    pub cancelled: u32,
}

/// Something of which nothing is begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What it is.
    pub kind: PauseKind,
    /// Its name.
    pub name: String,
    /// Since when.
    pub at: Moment,
    /// Who wanted it.
    pub who: String,
}

/// What can be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseKind {
    /// Everything.
    All,
    /// A branch.
    Branch,
    /// A scheduler.
    Scheduler,
}

impl Pause {
    /// Whether this is paused by it.
    pub fn is_of(&self, kind: PauseKind, name: &str) -> bool {
        self.kind == kind && self.name == name
    }
}

impl PauseKind {
    /// Its word, as kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Branch => "branch",
            Self::Scheduler => "scheduler",
        }
    }
}

impl Book<'_> {
    /// What is known of a scheduler, which is there from now on if it was not.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn scheduler(&self, name: &str, now: Moment) -> Result<SchedulerRow, StoreError> {
        let found = self.row(
            "SELECT began, fired, word FROM scheduler WHERE name = ?1",
            [name],
            |row| {
                Ok(SchedulerRow {
                    began: Moment(row.get(0)?),
                    fired: row.get::<_, Option<i64>>(1)?.map(Moment),
                    word: row.get(2)?,
                })
            },
        )?;
        if let Some(found) = found {
            return Ok(found);
        }
        let new = SchedulerRow {
            began: now,
            fired: None,
            word: None,
        };
        self.put_scheduler(name, &new)?;
        Ok(new)
    }

    /// What a scheduler did when it was set off last, or why nothing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn scheduler_word(&self, name: &str) -> Result<Option<String>, StoreError> {
        let word = self.row(
            "SELECT word FROM scheduler WHERE name = ?1",
            [name],
            |row| row.get::<_, Option<String>>(0),
        )?;
        Ok(word.flatten())
    }

    /// Notes what is known of a scheduler.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put_scheduler(&self, name: &str, row: &SchedulerRow) -> Result<(), StoreError> {
        self.write(
            "scheduler",
            "INSERT OR REPLACE INTO scheduler VALUES (?1, ?2, ?3, ?4)",
            params![name, row.began.0, row.fired.map(|at| at.0), row.word],
        )?;
        Ok(())
    }

    /// What a scheduler knows of a branch; `None` where it has not seen it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn interest(
        &self,
        scheduler: &str,
        (repository, branch): (&str, &str),
    ) -> Result<Option<Interest>, StoreError> {
        self.row(
            "SELECT completed, at, cancelled FROM interest
             WHERE scheduler = ?1 AND repository = ?2 AND branch = ?3",
            [scheduler, repository, branch],
            |row| {
                Ok(Interest {
                    completed: row.get(0)?,
                    at: row.get::<_, Option<i64>>(1)?.map(Moment),
                    cancelled: row.get(2)?,
                })
            },
        )
    }

    /// Notes what a scheduler knows of a branch.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put_interest(
        &self,
        scheduler: &str,
        (repository, branch): (&str, &str),
        interest: &Interest,
    ) -> Result<(), StoreError> {
        self.write(
            "interest",
            "INSERT OR REPLACE INTO interest VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                scheduler,
                repository,
                branch,
                interest.completed,
                interest.at.map(|at| at.0),
                interest.cancelled
            ],
        )?;
        Ok(())
    }

    /// Has all schedulers see a branch for the first time when it comes again.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn forget_interest(&self, repository: &str, branch: &str) -> Result<(), StoreError> {
        self.write(
            "interest",
            "DELETE FROM interest WHERE repository = ?1 AND branch = ?2",
            [repository, branch],
        )?;
        Ok(())
    }

    /// What is paused.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        self.rows(
            "SELECT kind, name, at, who FROM pause ORDER BY kind, name",
            [],
            |row| {
                Ok(Pause {
                    kind: match row.get::<_, String>(0)?.as_str() {
                        "branch" => PauseKind::Branch,
                        "scheduler" => PauseKind::Scheduler,
                        _ => PauseKind::All,
                    },
                    name: row.get(1)?,
                    at: Moment(row.get(2)?),
                    who: row.get(3)?,
                })
            },
        )
    }

    /// Pauses something; what is paused stays so.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn pause(&self, pause: &Pause) -> Result<(), StoreError> {
        self.write(
            "pause",
            "INSERT OR IGNORE INTO pause VALUES (?1, ?2, ?3, ?4)",
            params![pause.kind.as_str(), pause.name, pause.at.0, pause.who],
        )?;
        Ok(())
    }

    /// Ends a pause, and says whether there was one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn resume(&self, kind: PauseKind, name: &str) -> Result<bool, StoreError> {
        let changed = self.write(
            "resume",
            "DELETE FROM pause WHERE kind = ?1 AND name = ?2",
            [kind.as_str(), name],
        )?;
        Ok(changed > 0)
    }
}
