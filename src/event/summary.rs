use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::places::Places;
use super::{CellSummary, Envelope, Event, Failure, Notice, RunStarted};
use crate::model::{Cell, Counts, Outcome};

/// What a run came to, folded from its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// What it set out to do.
    pub started: RunStarted,
    /// Milliseconds since 1970-01-01 UTC when it began.
    pub began: u64,
    /// Its cells, in the order of the matrix.
    pub cells: Vec<CellSummary>,
    /// Images that could not be made.
    pub image_problems: Vec<ImageProblem>,
    /// Images that had to be made.
    pub images_built: u64,
    /// The tags of the images it stands on.
    #[serde(default)]
    pub images_used: BTreeSet<String>,
    /// What whoever reads the verdict has to know beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// Seconds the run took; `None` while it goes on.
    pub seconds: Option<f64>,
    /// Whether the user stopped it.
    pub interrupted: bool,
    #[serde(skip)]
    places: Places,
}

/// An image that could not be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageProblem {
    /// Its readable name.
    pub image: String,
    /// The step that failed.
    pub step: String,
    /// The engine's last word.
    pub message: String,
    /// The last lines of its log.
    pub tail: Vec<String>,
}

impl Summary {
    /// The summary of a run that has just begun, or `None` if this is not how
    /// a run begins.
    pub fn begin(envelope: &Envelope) -> Option<Self> {
        let Event::RunStarted(started) = &envelope.event else {
            return None;
        };
        Some(Self {
            cells: started.cells.iter().map(CellSummary::new).collect(),
            started: (**started).clone(),
            began: envelope.at,
            image_problems: Vec::new(),
            images_built: 0,
            images_used: BTreeSet::new(),
            notices: Vec::new(),
            seconds: None,
            interrupted: false,
            places: Places::default(),
        })
    }

    /// Takes one more event into account.
    pub fn apply(&mut self, event: &Event) {
        if let Some(name) = event.cell() {
            if let Some(cell) = self.places.find(&mut self.cells, name) {
                cell.apply(event);
            }
            return;
        }
        match event {
            Event::Notice(notice) if notice.kind.qualifies_the_verdict() => {
                self.notices.push(notice.clone());
            }
            Event::ImageFinished { .. } => self.images_built += 1,
            Event::ImageUsed { image } => {
                self.images_used.insert(image.clone());
            }
            Event::ImageFailed {
                image,
                step,
                message,
                tail,
            } => self.image_problems.push(ImageProblem {
                image: image.clone(),
                step: step.clone(),
                message: message.clone(),
                tail: tail.clone(),
            }),
            Event::RunFinished {
                seconds,
                interrupted,
            } => {
                self.seconds = Some(*seconds);
                self.interrupted = *interrupted;
            }
            _ => {}
        }
    }

    /// How the run as a whole ended: the worst of its cells, an interruption
    /// before all. A run in which nothing ran has no verdict to give.
    pub fn outcome(&self) -> Outcome {
        if self.interrupted {
            return Outcome::Cancelled;
        }
        let outcomes = || self.cells.iter().filter_map(|cell| cell.outcome);
        for decisive in [
            Outcome::Failed,
            Outcome::Errored,
            Outcome::Infrastructure,
            Outcome::Cancelled,
            Outcome::Empty,
            Outcome::Passed,
        ] {
            if outcomes().any(|outcome| outcome == decisive) {
                return decisive;
            }
        }
        Outcome::Infrastructure
    }

    /// The counts of all cells together.
    pub fn totals(&self) -> Counts {
        let mut totals = Counts::default();
        for cell in &self.cells {
            totals.add(&cell.counts);
        }
        totals
    }

    /// Each distinct failure once, with the cells it happened in: the first
    /// occurrence's result stands for all.
    pub fn distinct_failures(&self) -> Vec<(&Failure, Vec<&Cell>)> {
        let mut distinct: Vec<(&Failure, Vec<&Cell>)> = Vec::new();
        let mut known: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
        for cell in &self.cells {
            for failure in &cell.failures {
                let key = (
                    failure.result.test.as_str(),
                    failure.result.subtest.as_deref(),
                );
                let index = *known.entry(key).or_insert_with(|| {
                    distinct.push((failure, Vec::new()));
                    distinct.len() - 1
                });
                if distinct[index].1.last() != Some(&&cell.cell) {
                    distinct[index].1.push(&cell.cell);
                }
            }
        }
        distinct
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TestResult;
    use crate::model::{CellName, RunId, TestOutcome};

    fn summary(cells: &[&str]) -> Summary {
        let cells = cells
            .iter()
            .map(|database| Cell {
                branch: "main".into(),
                python: "3.14".parse().expect("a literal"),
                database: database.parse().expect("a literal"),
                variant: None,
            })
            .collect();
        let started = Event::RunStarted(Box::new(RunStarted {
            run: RunId::new("r"),
            djbuild: "0".into(),
            revisions: vec![],
            cells,
            excluded: vec![],
            arguments: vec![],
            flags: vec![],
            matrix: "quick".into(),
            jobs: 1,
            scheduler: None,
            cause: None,
        }));
        Summary::begin(&Envelope {
            seq: 1,
            at: 0,
            event: started,
        })
        .expect("a start")
    }

    fn name(database: &str) -> CellName {
        summary(&[database]).cells[0].cell.name()
    }

    fn failed(database: &str, test: &str) -> Event {
        Event::TestFinished {
            cell: name(database),
            result: TestResult {
                test: test.into(),
                outcome: TestOutcome::Failed,
                seconds: 0.1,
                subtest: None,
                extra: false,
                reason: None,
                traceback: Some("Traceback".into()),
            },
        }
    }

    fn finished(database: &str, outcome: Outcome) -> Event {
        Event::CellFinished {
            cell: name(database),
            outcome,
            cause: None,
            detail: String::new(),
            log: Vec::new(),
            seconds: 1.0,
        }
    }

    #[test]
    fn a_failure_in_two_cells_is_one_distinct_failure() {
        let mut summary = summary(&["sqlite", "mysql8.4"]);
        summary.apply(&failed("sqlite", "a.B.c"));
        summary.apply(&failed("mysql8.4", "a.B.c"));
        summary.apply(&failed("mysql8.4", "a.B.d"));
        let distinct = summary.distinct_failures();
        assert_eq!(distinct.len(), 2);
        assert_eq!(distinct[0].1.len(), 2);
        assert_eq!(summary.totals().failures, 3);
    }

    #[test]
    fn a_second_attempt_forgets_the_first() {
        let mut summary = summary(&["sqlite"]);
        summary.apply(&failed("sqlite", "a.B.c"));
        summary.apply(&Event::CellStarted {
            cell: name("sqlite"),
            attempt: 2,
            parallel: 1,
        });
        summary.apply(&finished("sqlite", Outcome::Passed));
        assert_eq!(summary.totals().bad(), 0);
        assert_eq!(summary.outcome(), Outcome::Passed);
    }

    #[test]
    fn a_summary_that_was_kept_or_changed_goes_on_as_it_was() {
        let mut summary = summary(&["sqlite", "mysql8.4"]);
        summary.apply(&failed("sqlite", "a.B.c"));
        let kept = serde_json::to_string(&summary).expect("plain values");
        let mut read: Summary = serde_json::from_str(&kept).expect("as written");
        assert_eq!(read, summary);
        read.cells.reverse();
        for summary in [&mut read, &mut summary] {
            summary.apply(&failed("mysql8.4", "a.B.c"));
            summary.apply(&failed("postgresql17", "a.B.c"));
        }
        read.cells.reverse();
        assert_eq!(read, summary);
        assert_eq!(read.cells[1].counts.failures, 1);
    }

    #[test]
    fn djangos_failure_outweighs_ours() {
        let mut summary = summary(&["sqlite", "mysql8.4"]);
        summary.apply(&finished("sqlite", Outcome::Infrastructure));
        assert_eq!(summary.outcome(), Outcome::Infrastructure);
        summary.apply(&finished("mysql8.4", Outcome::Failed));
        assert_eq!(summary.outcome(), Outcome::Failed);
    }

    #[test]
    fn one_cell_without_a_test_is_not_hidden_by_others_that_passed() {
        let mut summary = summary(&["sqlite", "mysql8.4"]);
        summary.apply(&finished("sqlite", Outcome::Passed));
        summary.apply(&finished("mysql8.4", Outcome::Empty));
        assert_eq!(summary.outcome(), Outcome::Empty);
    }

    #[test]
    fn a_run_in_which_nothing_ran_did_not_pass() {
        let mut summary = summary(&["sqlite"]);
        summary.apply(&finished("sqlite", Outcome::Skipped));
        assert_eq!(summary.outcome(), Outcome::Infrastructure);
    }
}
