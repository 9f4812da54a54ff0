use std::collections::BTreeMap;

use rusqlite::Row;
use serde::Serialize;
use serde_json::Value;

use super::history::History;
use super::rows::{PastBranch, RUNNING, UNFINISHED};
use super::{Liveness, State, StoreError};
use crate::model::RunId;

/// A run as the index has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PastRun {
    /// Its id.
    pub run: RunId,
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub began: u64,
    /// When it ended, likewise; `None` while it goes on or if it was cut off.
    pub ended: Option<u64>,
    /// Seconds it took.
    pub seconds: Option<f64>,
    /// The word of its outcome, or `running`, or `interrupted` if its process is
    /// gone and it has no end.
    pub outcome: String,
    /// The matrix file, as the user named it.
    pub matrix: String,
    /// Labels and flags for `runtests.py`.
    pub arguments: Vec<String>,
    /// What was tested.
    pub branches: Vec<PastBranch>,
    /// The first branch.
    pub branch: Option<String>,
    /// Its commit.
    pub revision: Option<String>,
    /// What asked for the run, where nobody typed it.
    pub scheduler: Option<Value>,
    /// Why it asked.
    pub cause: Option<Value>,
    /// How many of the chosen cells ended how; `unfinished` are those that have not.
    pub cells: BTreeMap<String, u64>,
    /// Tests run in them.
    pub tests: u64,
    /// Tests of them that count against the run.
    pub bad: u64,
}

/// Says of a word whether it is wanted.
pub type Choice<'a> = &'a dyn Fn(&str) -> bool;

/// Which runs are wanted. Nothing chosen means all.
#[derive(Default, Clone, Copy)]
pub struct Wanted<'a> {
    /// With such a branch.
    pub branch: Option<Choice<'a>>,
    /// With such a cell, by its name; only these are counted.
    pub cell: Option<Choice<'a>>,
    /// With this outcome; of a chosen cell, where cells are chosen.
    pub outcome: Option<&'a str>,
    /// This many at most.
    pub limit: Option<usize>,
}

impl State {
    /// The runs that are kept, the last first.
    ///
    /// # Errors
    /// When the index cannot be read, or is a newer djbuild's.
    pub fn history(&self, wanted: &Wanted<'_>) -> Result<Vec<PastRun>, StoreError> {
        self.check()?;
        if !self.history_file().is_file() {
            return Ok(Vec::new());
        }
        let history = self.index()?;
        self.read_history(&history, wanted).map_err(history.error())
    }

    fn read_history(
        &self,
        history: &History,
        wanted: &Wanted<'_>,
    ) -> rusqlite::Result<Vec<PastRun>> {
        let connection = history.connection();
        let mut runs = connection.prepare(
            "SELECT id, began, ended, seconds, outcome, matrix, arguments, branches, scheduler,
                    cause, planned FROM run ORDER BY began DESC, id DESC",
        )?;
        let mut cells = connection
            .prepare("SELECT name, outcome, tests, bad FROM cell WHERE run = ?1 ORDER BY name")?;
        let (mut rows, mut found) = (runs.query([])?, Vec::new());
        while let Some(row) = rows.next()? {
            if wanted.limit.is_some_and(|limit| found.len() >= limit) {
                break;
            }
            let mut run = run(row)?;
            let wants_branch =
                |branch: &PastBranch| wanted.branch.is_none_or(|is| is(&branch.branch));
            if wanted.branch.is_some() && !run.branches.iter().any(wants_branch) {
                continue;
            }
            let planned: u64 = unsigned(row.get(10)?);
            let (mut ended, mut has_outcome) = (0, false);
            let mut cell_rows = cells.query([run.run.as_str()])?;
            while let Some(cell) = cell_rows.next()? {
                ended += 1;
                let (name, outcome): (String, String) = (cell.get(0)?, cell.get(1)?);
                if wanted.cell.is_some_and(|is| !is(&name)) {
                    continue;
                }
                has_outcome |= wanted.outcome == Some(&outcome);
                *run.cells.entry(outcome).or_default() += 1;
                run.tests += unsigned(cell.get(2)?);
                run.bad += unsigned(cell.get(3)?);
            }
            let is_chosen = match wanted.cell {
                Some(_) if run.cells.is_empty() => false,
                Some(_) => wanted.outcome.is_none() || has_outcome,
                None => {
                    if planned > ended {
                        *run.cells.entry(UNFINISHED.to_owned()).or_default() += planned - ended;
                    }
                    true
                }
            };
            if !is_chosen {
                continue;
            }
            if run.outcome == RUNNING && self.liveness(&run.run) == Liveness::Dead {
                "interrupted".clone_into(&mut run.outcome);
            }
            if wanted.cell.is_none() && wanted.outcome.is_some_and(|word| word != run.outcome) {
                continue;
            }
            found.push(run);
        }
        Ok(found)
    }
}

fn run(row: &Row<'_>) -> rusqlite::Result<PastRun> {
    let text = |index| row.get::<_, String>(index);
    let words = |index| -> rusqlite::Result<Option<Value>> {
        let text: Option<String> = row.get(index)?;
        // A word as it is; anything else was written as JSON.
        Ok(text.map(|text| match serde_json::from_str(&text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
            _ => Value::from(text),
        }))
    };
    let branches: Vec<PastBranch> = serde_json::from_str(&text(7)?).unwrap_or_default();
    Ok(PastRun {
        run: RunId::new(text(0)?),
        began: unsigned(row.get(1)?),
        ended: row.get::<_, Option<i64>>(2)?.map(unsigned),
        seconds: row.get(3)?,
        outcome: text(4)?,
        matrix: text(5)?,
        arguments: serde_json::from_str(&text(6)?).unwrap_or_default(),
        branch: branches.first().map(|first| first.branch.clone()),
        revision: branches.first().and_then(|first| first.revision.clone()),
        branches,
        scheduler: words(8)?,
        cause: words(9)?,
        cells: BTreeMap::new(),
        tests: 0,
        bad: 0,
    })
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
