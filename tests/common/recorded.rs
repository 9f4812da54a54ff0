//! Runs as a process records them, for those that look at them later.

use djbuild::event::{Envelope, Event, RunStarted, Summary, TestResult};
use djbuild::model::{
    Cell, CellName, Counts, Outcome, Phase, Revision, RunId, SnapshotId, TestOutcome,
};
use djbuild::store::{Recorder, State};

/// A run that is recorded.
pub struct Recording {
    pub recorder: Recorder,
    summary: Option<Summary>,
    seq: u64,
    at: u64,
}

pub fn cell(name: &str) -> Cell {
    name.parse().expect("the name of a cell")
}

pub fn name(cell: &str) -> CellName {
    self::cell(cell).name()
}

impl Recording {
    /// Begins a run of these cells at this time, in milliseconds since 1970.
    pub fn begin(state: &State, run: &str, at: u64, cells: &[&str]) -> Self {
        let id = RunId::new(run);
        let mut recording = Self {
            recorder: Recorder::new(state, &id).expect("writable"),
            summary: None,
            seq: 0,
            at,
        };
        let cells: Vec<Cell> = cells.iter().map(|name| cell(name)).collect();
        let mut branches: Vec<&str> = cells.iter().map(|cell| &*cell.branch).collect();
        branches.dedup();
        let revision = |branch: &&str| Revision {
            source: ".".into(),
            branch: (*branch).to_owned(),
            named: None,
            commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
            modified: 0,
            snapshot: SnapshotId::new("00"),
        };
        recording.say(Event::RunStarted(Box::new(RunStarted {
            run: id,
            djbuild: "0".into(),
            revisions: branches.iter().map(revision).collect(),
            cells: cells.clone(),
            excluded: vec![],
            arguments: vec!["basic".into()],
            flags: vec![],
            matrix: "quick".into(),
            jobs: 2,
            scheduler: None,
            cause: None,
        })));
        recording
    }

    /// Something happens, a moment after the last.
    pub fn say(&mut self, event: Event) {
        self.seq += 1;
        let envelope = Envelope {
            seq: self.seq,
            at: self.at,
            event,
        };
        match &mut self.summary {
            None => self.summary = Summary::begin(&envelope),
            Some(summary) => summary.apply(&envelope.event),
        }
        self.recorder.record(&envelope).expect("writable");
    }

    /// Time passes.
    pub fn wait(&mut self, milliseconds: u64) {
        self.at += milliseconds;
    }

    /// A cell begins to test.
    pub fn start(&mut self, cell: &str) {
        self.say(Event::CellStarted {
            cell: name(cell),
            attempt: 1,
            parallel: 1,
        });
        self.say(Event::CellPhase {
            cell: name(cell),
            phase: Phase::Loading,
        });
        self.wait(1500);
        self.say(Event::CellPhase {
            cell: name(cell),
            phase: Phase::Testing,
        });
        self.say(Event::CellEnvironment {
            cell: name(cell),
            facts: vec![("python".into(), "3.14.0".into())],
        });
    }

    /// A test has an outcome.
    pub fn test(&mut self, cell: &str, test: &str, outcome: TestOutcome, micros: u64) {
        #[allow(clippy::cast_precision_loss)]
        let seconds = micros as f64 / 1e6;
        let traceback = outcome.is_bad().then(|| {
            format!("Traceback (most recent call last):\nAssertionError: \u{1b}[2J{test}")
        });
        self.say(Event::TestFinished {
            cell: name(cell),
            result: TestResult {
                test: test.into(),
                outcome,
                seconds,
                subtest: None,
                reason: (outcome == TestOutcome::Skipped).then(|| "no such database".into()),
                extra: false,
                traceback,
            },
        });
    }

    pub fn log(&mut self, cell: &str, line: &str) {
        self.say(Event::CellLog {
            cell: name(cell),
            line: line.into(),
        });
    }

    /// A cell ends as its tests did.
    pub fn end_cell(&mut self, cell: &str) {
        let summary = self.summary.as_ref().expect("it began");
        let known = summary.cells.iter().find(|known| known.name == name(cell));
        let counts: Counts = known.expect("a cell of the run").counts;
        let outcome = if counts.bad() > 0 {
            Outcome::Failed
        } else {
            Outcome::Passed
        };
        self.say(Event::CellTotals {
            cell: name(cell),
            counts,
        });
        self.say(Event::CellFinished {
            cell: name(cell),
            outcome,
            cause: None,
            detail: String::new(),
            log: Vec::new(),
            seconds: 12.5,
        });
    }

    /// The run ends.
    pub fn end(mut self) -> Summary {
        self.say(Event::RunFinished {
            seconds: 61.25,
            interrupted: false,
        });
        let summary = self.summary.expect("it began");
        self.recorder.finish(&summary).expect("writable");
        summary
    }
}
