use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::event::{CellSummary, Failure, Summary};
use crate::model::{Cell, Outcome};
use crate::watch::name_of;

/// So many tests of a kind are told one by one.
const TOLD: usize = 100;

/// How a run differs from another.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Difference {
    /// They fail, and did not there.
    pub newly: Vec<Turned>,
    /// They failed there, and do not here.
    pub fixed: Vec<Turned>,
    /// They fail, as they did there.
    pub still: Vec<Turned>,
    /// They fail, in cells of which the other run says nothing.
    pub alone: Vec<Turned>,
    /// Cells without a verdict on Django, and why.
    pub infrastructure: Vec<Undecided>,
    /// Cells that could not run anywhere here.
    pub nowhere: Vec<String>,
    /// Tests that the other run has not.
    pub new: Names,
    /// Tests that only the other run has.
    pub gone: Names,
}

/// A test, and in which cells it turned.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Turned {
    /// The test.
    pub test: String,
    /// Cells, by name.
    pub cells: Vec<String>,
    /// The same, by what they have in common and the others have not.
    pub named: String,
}

/// A cell that says nothing of Django.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Undecided {
    /// Its name.
    pub cell: String,
    /// The word of its outcome.
    pub outcome: String,
    /// Why.
    pub why: String,
}

/// Names of tests, a part of them where there are many.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Names {
    /// How many there are.
    pub in_all: usize,
    /// The first of them.
    pub first: Vec<String>,
}

/// What two cells of different runs have in common: all but their branch.
fn place(cell: &Cell) -> String {
    let name = cell.name();
    name.as_str()[cell.branch.len()..].to_owned()
}

/// The tests of a cell that fail, where it has a verdict.
fn failing(cell: &CellSummary) -> Option<BTreeSet<&str>> {
    let is_decided = matches!(cell.outcome, Some(Outcome::Passed | Outcome::Failed));
    let tests = || {
        let failures = cell.failures.iter();
        failures
            .map(|Failure { result }| result.test.as_str())
            .collect()
    };
    is_decided.then(tests)
}

impl Difference {
    /// How a run differs from another, or what it came to where there is none. `tests`
    /// are all that were in the one and in the other.
    pub fn of(summary: &Summary, other: Option<&Summary>, tests: (&[String], &[String])) -> Self {
        let all: Vec<String> = summary
            .cells
            .iter()
            .map(|cell| cell.name.to_string())
            .collect();
        let others: BTreeMap<String, &CellSummary> = other
            .into_iter()
            .flat_map(|other| &other.cells)
            .map(|cell| (place(&cell.cell), cell))
            .collect();
        let mut kinds: [BTreeMap<String, Vec<String>>; 4] = Default::default();
        let mut difference = Self::default();
        for cell in &summary.cells {
            let name = cell.name.to_string();
            let Some(now) = failing(cell) else {
                difference.undecided(cell);
                // What fails in a suite that broke off fails nevertheless.
                for Failure { result } in &cell.failures {
                    note(&mut kinds[3], &result.test, &name);
                }
                continue;
            };
            let before = others
                .get(&place(&cell.cell))
                .and_then(|other| failing(other));
            let Some(before) = before else {
                for test in now {
                    note(&mut kinds[3], test, &name);
                }
                continue;
            };
            for test in now.difference(&before) {
                note(&mut kinds[0], test, &name);
            }
            for test in before.difference(&now) {
                note(&mut kinds[1], test, &name);
            }
            for test in now.intersection(&before) {
                note(&mut kinds[2], test, &name);
            }
        }
        let [newly, fixed, still, alone] = kinds.map(|kind| turned(kind, &all));
        if other.is_some() && !tests.1.is_empty() && !tests.0.is_empty() {
            difference.new = names(tests.0, tests.1);
            difference.gone = names(tests.1, tests.0);
        }
        // What is not there any more is gone, not fixed.
        let here: BTreeSet<&str> = tests.0.iter().map(String::as_str).collect();
        let fixed = fixed.into_iter();
        let fixed = fixed.filter(|one| here.is_empty() || here.contains(one.test.as_str()));
        Self {
            newly,
            fixed: fixed.collect(),
            still,
            alone,
            ..difference
        }
    }

    fn undecided(&mut self, cell: &CellSummary) {
        match cell.outcome {
            Some(Outcome::Skipped) => self.nowhere.push(cell.name.to_string()),
            Some(outcome) => self.infrastructure.push(Undecided {
                cell: cell.name.to_string(),
                outcome: outcome.to_string(),
                why: match (cell.cause, cell.detail.as_str()) {
                    (Some(cause), "") => cause.to_string(),
                    (Some(cause), detail) => format!("{cause}: {detail}"),
                    (None, detail) => detail.to_owned(),
                },
            }),
            None => {}
        }
    }
}

fn note(kind: &mut BTreeMap<String, Vec<String>>, test: &str, cell: &str) {
    let cells = kind.entry(test.to_owned()).or_default();
    if cells.last().is_none_or(|last| last != cell) {
        cells.push(cell.to_owned());
    }
}

fn turned(kind: BTreeMap<String, Vec<String>>, all: &[String]) -> Vec<Turned> {
    let turned = kind.into_iter().map(|(test, cells)| Turned {
        test,
        named: name_of(&cells, all),
        cells,
    });
    turned.collect()
}

fn names(some: &[String], others: &[String]) -> Names {
    let others: BTreeSet<&String> = others.iter().collect();
    let only: Vec<&String> = some.iter().filter(|one| !others.contains(one)).collect();
    Names {
        in_all: only.len(),
        first: only.into_iter().take(TOLD).cloned().collect(),
    }
}
