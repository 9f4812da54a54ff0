use rusqlite::{Row, params};

use super::{Book, StoreError, json, words};
use crate::model::Moment;

/// How a repository answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repository {
    /// Its URL, without secrets.
    pub place: String,
    /// When it was asked last.
    pub polled: Option<Moment>,
    /// When it last answered.
    pub good: Option<Moment>,
    /// How many times in a row it did not.
    pub failures: u32,
    /// What was wrong last time, if it was.
    pub trouble: Option<String>,
    /// When it is asked next.
    pub next: Moment,
}

/// A branch as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its repository.
    pub repository: String,
    /// Its name.
    pub name: String,
    /// The commit it is at.
    pub tip: String,
    /// The place of its last change.
    pub position: i64,
    /// When it last moved.
    pub moved: Moment,
    /// When it was found to be deleted, if it is.
    pub gone: Option<Moment>,
    /// Why it could not be followed last time, if so.
    pub trouble: Option<String>,
}

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
}

/// A commit that is new on a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// The commit.
    pub revision: String,
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    pub committed: Moment,
    /// The first line of what its author said of it.
    pub subject: String,
    /// What it changes, as far as that is known.
    pub files: Option<Vec<String>>,
}

const CHANGE: &str = "SELECT id, repository, branch, revision, turn, position, author, committed,
    subject, files, seen FROM change";

impl Book<'_> {
    /// What is known of a repository.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn repository(&self, place: &str) -> Result<Repository, StoreError> {
        let found = self.row(
            "SELECT polled, good, failures, trouble, next FROM repository WHERE place = ?1",
            [place],
            |row| {
                Ok(Repository {
                    place: place.to_owned(),
                    polled: row.get::<_, Option<i64>>(0)?.map(Moment),
                    good: row.get::<_, Option<i64>>(1)?.map(Moment),
                    failures: row.get(2)?,
                    trouble: row.get(3)?,
                    next: Moment(row.get(4)?),
                })
            },
        )?;
        Ok(found.unwrap_or_else(|| Repository {
            place: place.to_owned(),
            ..Repository::default()
        }))
    }

    /// The repositories that were ever asked.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn places(&self) -> Result<Vec<String>, StoreError> {
        self.rows("SELECT place FROM repository ORDER BY place", [], |row| {
            row.get(0)
        })
    }

    /// Notes how a repository answered.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put_repository(&self, repository: &Repository) -> Result<(), StoreError> {
        self.write(
            "repository",
            "INSERT OR REPLACE INTO repository VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                repository.place,
                repository.polled.map(|at| at.0),
                repository.good.map(|at| at.0),
                repository.failures,
                repository.trouble,
                repository.next.0
            ],
        )?;
        Ok(())
    }

    /// The branches of a repository that were ever seen, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn branches(&self, repository: &str) -> Result<Vec<Branch>, StoreError> {
        self.rows(
            "SELECT repository, name, tip, position, moved, gone, trouble FROM branch
             WHERE repository = ?1 ORDER BY name",
            [repository],
            branch,
        )
    }

    /// A branch, if it was ever seen.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn branch(&self, repository: &str, name: &str) -> Result<Option<Branch>, StoreError> {
        self.row(
            "SELECT repository, name, tip, position, moved, gone, trouble FROM branch
             WHERE repository = ?1 AND name = ?2",
            [repository, name],
            branch,
        )
    }

    /// Notes where a branch is.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put_branch(&self, branch: &Branch) -> Result<(), StoreError> {
        self.write(
            "branch",
            "INSERT OR REPLACE INTO branch VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                branch.repository,
                branch.name,
                branch.tip,
                branch.position,
                branch.moved.0,
                branch.gone.map(|at| at.0),
                branch.trouble
            ],
        )?;
        Ok(())
    }

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
            "INSERT INTO change VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
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
                now.0
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

fn branch(row: &Row<'_>) -> rusqlite::Result<Branch> {
    Ok(Branch {
        repository: row.get(0)?,
        name: row.get(1)?,
        tip: row.get(2)?,
        position: row.get(3)?,
        moved: Moment(row.get(4)?),
        gone: row.get::<_, Option<i64>>(5)?.map(Moment),
        trouble: row.get(6)?,
    })
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
    })
}
