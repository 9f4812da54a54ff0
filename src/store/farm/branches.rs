use rusqlite::{Row, params};

use super::{Book, StoreError};
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
    /// The place after which it was made, or made again: changes up to it are of an earlier
    /// branch of the same name.
    pub born: i64,
    /// When it last moved.
    pub moved: Moment,
    /// When it was found to be deleted, if it is.
    pub gone: Option<Moment>,
    /// Why it could not be followed last time, if so.
    pub trouble: Option<String>,
}

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
            "SELECT repository, name, tip, position, born, moved, gone, trouble FROM branch
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
            "SELECT repository, name, tip, position, born, moved, gone, trouble FROM branch
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
            "INSERT OR REPLACE INTO branch VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                branch.repository,
                branch.name,
                branch.tip,
                branch.position,
                branch.born,
                branch.moved.0,
                branch.gone.map(|at| at.0),
                branch.trouble
            ],
        )?;
        Ok(())
    }
}

fn branch(row: &Row<'_>) -> rusqlite::Result<Branch> {
    Ok(Branch {
        repository: row.get(0)?,
        name: row.get(1)?,
        tip: row.get(2)?,
        position: row.get(3)?,
        born: row.get(4)?,
        moved: Moment(row.get(5)?),
        gone: row.get::<_, Option<i64>>(6)?.map(Moment),
        trouble: row.get(7)?,
    })
}
