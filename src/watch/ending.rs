use crate::event::Summary;
use crate::model::{Outcome, RunId};

/// How a request was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// By a run.
    Run(Verdicts),
    /// Without one that has an end.
    Without {
        /// `infrastructure`, `errored` or `cancelled`.
        outcome: String,
        /// Why.
        word: String,
    },
}

/// What a run said of its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdicts {
    /// The run.
    pub run: RunId,
    /// What it came to as a whole.
    pub outcome: Outcome,
    /// Its cells.
    pub cells: Vec<CellVerdict>,
}

/// What a run said of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellVerdict {
    /// Its name.
    pub cell: String,
    /// What it came to.
    pub outcome: Outcome,
    /// The tests that count against it.
    pub failing: Vec<String>,
}

impl Ending {
    /// An end without a run.
    pub fn without(outcome: &str, word: &str) -> Self {
        Self::Without {
            outcome: outcome.to_owned(),
            word: word.to_owned(),
        }
    }

    /// The word of it.
    pub fn outcome(&self) -> &str {
        match self {
            Self::Run(verdicts) => verdicts.outcome.as_str(),
            Self::Without { outcome, .. } => outcome,
        }
    }
}

impl Verdicts {
    /// Those of a run.
    pub fn of(summary: &Summary) -> Self {
        let cells = summary.cells.iter().filter_map(|cell| {
            Some(CellVerdict {
                cell: cell.name.to_string(),
                outcome: cell.outcome?,
                failing: cell
                    .failures
                    .iter()
                    .map(|failure| failure.result.test.clone())
                    .collect(),
            })
        });
        Self {
            run: summary.started.run.clone(),
            outcome: summary.outcome(),
            cells: cells.collect(),
        }
    }
}
