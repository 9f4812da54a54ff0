use rusqlite::{Row, params};

use super::{Book, StoreError, json, words};
use crate::model::{Moment, RunId};

/// How a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// It passed.
    Green,
    /// It did not.
    Red,
}

/// What the last verdict on a cell was, and since when it is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its repository.
    pub repository: String,
    /// Its branch.
    pub branch: String,
    /// What was asked of it: labels and flags; nothing is the whole suite.
    pub question: String,
    /// Its name.
    pub cell: String,
    /// Green or red.
    pub colour: Colour,
    /// The place, in the order of the branch, of the commit that was judged last.
    pub position: i64,
    /// The run that did.
    pub run: RunId,
    /// Since when it has this colour.
    pub since: Moment,
    /// The place of the first commit on which it had this colour.
    pub first: i64,
    /// The place of the last commit on which it was green, if it ever was.
    pub good: Option<i64>,
    /// The tests that failed last.
    pub failing: Vec<String>,
    /// When it turned, lately.
    pub turns: Vec<Moment>,
}

const STANDING: &str = "SELECT repository, branch, question, cell, state, position, run, since,
    first, good, failing, turns FROM standing";

impl Book<'_> {
    /// How a cell stands, if there was a verdict on it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn standing(
        &self,
        (repository, branch): (&str, &str),
        question: &str,
        cell: &str,
    ) -> Result<Option<Standing>, StoreError> {
        self.row(
            &format!(
                "{STANDING} WHERE repository = ?1 AND branch = ?2 AND question = ?3 AND cell = ?4"
            ),
            [repository, branch, question, cell],
            standing,
        )
    }

    /// How all cells stand.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn standings(&self) -> Result<Vec<Standing>, StoreError> {
        self.rows(
            &format!("{STANDING} ORDER BY repository, branch, question, cell"),
            [],
            standing,
        )
    }

    /// Notes how a cell stands.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put_standing(&self, standing: &Standing) -> Result<(), StoreError> {
        let turns: Vec<i64> = standing.turns.iter().map(|at| at.0).collect();
        self.write(
            "standing",
            "INSERT OR REPLACE INTO standing VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
             ?11, ?12)",
            params![
                standing.repository,
                standing.branch,
                standing.question,
                standing.cell,
                match standing.colour {
                    Colour::Green => "passed",
                    Colour::Red => "failed",
                },
                standing.position,
                standing.run.as_str(),
                standing.since.0,
                standing.first,
                standing.good,
                words(&standing.failing),
                serde_json::Value::from(turns).to_string()
            ],
        )?;
        Ok(())
    }

    /// Forgets how the cells of a branch stand.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn forget_standings(&self, repository: &str, branch: &str) -> Result<(), StoreError> {
        self.write(
            "standing",
            "DELETE FROM standing WHERE repository = ?1 AND branch = ?2",
            [repository, branch],
        )?;
        Ok(())
    }
}

fn standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let text = |index| row.get::<_, String>(index);
    let turns: Vec<i64> = json(&text(11)?);
    Ok(Standing {
        repository: text(0)?,
        branch: text(1)?,
        question: text(2)?,
        cell: text(3)?,
        colour: match text(4)?.as_str() {
            "passed" => Colour::Green,
            _ => Colour::Red,
        },
        position: row.get(5)?,
        run: RunId::new(text(6)?),
        since: Moment(row.get(7)?),
        first: row.get(8)?,
        good: row.get(9)?,
        failing: json(&text(10)?),
        turns: turns.into_iter().map(Moment).collect(),
    })
}
