use rusqlite::{Row, params};

use super::{Book, StoreError, json, words};
use crate::model::Moment;

/// A commit that came to a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its number here.
    pub id: i64,
    /// The repository.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// The commit.
    pub revision: String,
    /// How many times the branch had come to this commit before.
    pub turn: i64,
    /// Its place in the order of the branch.
    pub position: i64,
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    pub committed: Moment,
    /// The first line of what its author said of it.
    pub subject: String,
    /// What it changes, as far as that is known.
    pub files: Option<Vec<String>>,
    /// When it was seen.
    pub seen: Moment,
    /// What it was made on, the branch that it went into first; nothing where that was
    /// not kept yet.
    pub parents: Option<Vec<String>>,
}

/// A commit that is new on a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// The commit.
    pub revision: String,
    /// What it was made on, the branch that it went into first.
    pub parents: Vec<String>,
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    pub committed: Moment,
    /// The first line of what its author said of it.
    pub subject: String,
    /// What it changes, as far as that is known.
    pub files: Option<Vec<String>>,
}

pub(super) const CHANGE: &str =
    "SELECT id, repository, branch, revision, turn, position, author, committed,
    subject, files, seen, parents FROM change";

impl Book<'_> {
    /// Adds a commit to a branch at this place, and says what became of it.
    ///
    /// # Errors
    /// When the file cannot be written, or the place is taken.
    pub fn add_change(
        &self,
        (repository, branch): (&str, &str),
        position: i64,
        new: &NewChange,
        now: Moment,
    ) -> Result<Change, StoreError> {
        let turn: i64 = self
            .row(
                "SELECT count(*) FROM change
                 WHERE repository = ?1 AND branch = ?2 AND revision = ?3",
                [repository, branch, &new.revision],
                |row| row.get(0),
            )?
            .unwrap_or_default();
        self.write(
            "change",
            "INSERT INTO change VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
             ?11)",
            params![
                repository,
                branch,
                new.revision,
                turn,
                position,
                new.author,
                new.committed.0,
                new.subject,
                new.files.as_deref().map(words),
                now.0,
                words(&new.parents)
            ],
        )?;
        Ok(Change {
            id: self.last_id(),
            repository: repository.to_owned(),
            branch: branch.to_owned(),
            revision: new.revision.clone(),
            turn,
            position,
            author: new.author.clone(),
            committed: new.committed,
            subject: new.subject.clone(),
            files: new.files.clone(),
            seen: now,
            parents: Some(new.parents.clone()),
        })
    }

    /// The changes of a branch after one place and up to another, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn changes_between(
        &self,
        (repository, branch): (&str, &str),
        after: i64,
        last: i64,
    ) -> Result<Vec<Change>, StoreError> {
        self.rows(
            &format!(
                "{CHANGE} WHERE repository = ?1 AND branch = ?2 AND position > ?3
                 AND position <= ?4 ORDER BY position"
            ),
            params![repository, branch, after, last],
            change,
        )
    }

    /// The changes that a request stands for, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn covered(&self, request: i64) -> Result<Vec<Change>, StoreError> {
        self.rows(
            &format!(
                "{CHANGE} JOIN covers ON covers.change = change.id WHERE covers.request = ?1
                 ORDER BY position"
            ),
            [request],
            change,
        )
    }

    /// The last change of a branch at a commit.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn change_at(
        &self,
        (repository, branch): (&str, &str),
        revision: &str,
    ) -> Result<Option<Change>, StoreError> {
        self.row(
            &format!(
                "{CHANGE} WHERE repository = ?1 AND branch = ?2 AND revision = ?3
                 ORDER BY position DESC LIMIT 1"
            ),
            [repository, branch, revision],
            change,
        )
    }
}

pub(super) fn change(row: &Row<'_>) -> rusqlite::Result<Change> {
    Ok(Change {
        id: row.get(0)?,
        repository: row.get(1)?,
        branch: row.get(2)?,
        revision: row.get(3)?,
        turn: row.get(4)?,
        position: row.get(5)?,
        author: row.get(6)?,
        committed: Moment(row.get(7)?),
        subject: row.get(8)?,
        files: row.get::<_, Option<String>>(9)?.map(|text| json(&text)),
        seen: Moment(row.get(10)?),
        parents: row.get::<_, Option<String>>(11)?.map(|text| json(&text)),
    })
}
