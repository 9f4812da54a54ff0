use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Event, TestResult};
use crate::model::{Cause, Cell, CellName, Counts, Outcome};

/// Tracebacks kept per cell. When everything fails, the first few hundred say
/// why; the event log keeps them all.
const KEPT_TRACEBACKS: usize = 200;

/// What a cell came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellSummary {
    /// Its name.
    pub name: CellName,
    /// Which cell.
    pub cell: Cell,
    /// How it ended; `None` while it has not.
    pub outcome: Option<Outcome>,
    /// Why, unless it is a verdict on Django.
    pub cause: Option<Cause>,
    /// One sentence more.
    pub detail: String,
    /// The last lines of its log, where it could not run to its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// Its counts so far, and Django's own at the end.
    pub counts: Counts,
    /// Tests in its suite, once collected.
    pub collected: Option<u64>,
    /// Seconds it took.
    pub seconds: f64,
    /// How many times it was begun.
    pub attempts: u32,
    /// What it ran on.
    pub environment: BTreeMap<String, String>,
    /// What failed.
    pub failures: Vec<Failure>,
    /// Why tests were skipped, and how many for each reason.
    pub skips: BTreeMap<String, u64>,
}

/// A test that counts against the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The test and what became of it.
    #[serde(flatten)]
    pub result: TestResult,
}

impl CellSummary {
    pub(super) fn new(cell: &Cell) -> Self {
        Self {
            name: cell.name(),
            cell: cell.clone(),
            outcome: None,
            cause: None,
            detail: String::new(),
            log: Vec::new(),
            counts: Counts::default(),
            collected: None,
            seconds: 0.0,
            attempts: 0,
            environment: BTreeMap::new(),
            failures: Vec::new(),
            skips: BTreeMap::new(),
        }
    }

    pub(super) fn is(&self, name: &CellName) -> bool {
        self.name == *name
    }

    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::CellStarted { attempt, .. } => {
                // A second attempt starts from nothing.
                *self = Self::new(&self.cell);
                self.attempts = *attempt;
            }
            Event::CellEnvironment { facts, .. } => {
                self.environment.extend(facts.iter().cloned());
            }
            Event::CellCollected { tests, .. } => self.collected = Some(*tests),
            Event::TestFinished { result, .. } => self.record(result),
            Event::CellTotals { counts, .. } => self.counts = *counts,
            Event::CellFinished {
                outcome,
                cause,
                detail,
                log,
                seconds,
                ..
            } => {
                self.outcome = Some(*outcome);
                self.cause = *cause;
                self.detail.clone_from(detail);
                self.log.clone_from(log);
                self.seconds = *seconds;
            }
            _ => {}
        }
    }

    fn record(&mut self, result: &TestResult) {
        self.counts.record(result.outcome);
        if !result.extra {
            self.counts.tests += 1;
        }
        if let Some(reason) = &result.reason {
            *self.skips.entry(reason.clone()).or_default() += 1;
        }
        if result.outcome.is_bad() {
            let mut result = result.clone();
            if self.failures.len() >= KEPT_TRACEBACKS {
                result.traceback = None;
            }
            self.failures.push(Failure { result });
        }
    }
}
