//! What happens in a run, as facts.
//!
//! **Architecture invariant:** an event says what happened and when, never how
//! to show it, and outcome counts are derived from events only in [`Summary`].

mod cell_summary;
mod notice;
mod places;
mod protocol;
mod summary;

use serde::{Deserialize, Serialize};

use crate::model::{Cause, Cell, CellName, Counts, Outcome, Phase, Revision, RunId, TestOutcome};

pub use cell_summary::{CellSummary, Failure};
pub use notice::{Notice, NoticeKind};
pub use protocol::{MAX_LINE, PROTOCOL, RunnerMessage};
pub use summary::{ImageProblem, Summary};

/// One thing that happened, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Its place among the events of its run, from 1 on; 0 where nobody counted.
    #[serde(default)]
    pub seq: u64,
    /// Milliseconds since 1970-01-01 UTC.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run begins.
    RunStarted(Box<RunStarted>),
    /// Something a person should know that is nobody's failure.
    Notice(Notice),
    /// The container engine does not answer any more; nothing is begun until it does.
    EngineAway {
        /// Why, in its own words or the system's.
        why: String,
    },
    /// The container engine answers again.
    EngineBack {
        /// Seconds it was away.
        seconds: f64,
    },
    /// An image is not there and is being made.
    ImageStarted {
        /// Its readable name.
        image: String,
    },
    /// A line of a build's log.
    ImageLog {
        /// Which image.
        image: String,
        /// Step and number of steps, where the builder says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<(u32, u32)>,
        /// The line, without its end.
        line: String,
    },
    /// An image is there now.
    ImageFinished {
        /// Which image.
        image: String,
        /// Seconds it took.
        seconds: f64,
    },
    /// An image could not be made.
    ImageFailed {
        /// Which image.
        image: String,
        /// The step that failed, as the Dockerfile has it.
        step: String,
        /// The engine's last word.
        message: String,
        /// The last lines of the log.
        tail: Vec<String>,
    },
    /// The run stands on this image, made in it or before.
    ImageUsed {
        /// Its tag.
        image: String,
    },
    /// A service container was started.
    ServiceStarted {
        /// Its name on the run's network.
        service: String,
    },
    /// A service ended while it was needed.
    ServiceDied {
        /// Its name on the run's network.
        service: String,
        /// How its process ended.
        exit: String,
        /// The last lines of its log.
        log: Vec<String>,
    },
    /// A cell begins, for the first or second time.
    CellStarted {
        /// Which cell.
        cell: CellName,
        /// 1, or 2 after a failure that was ours.
        attempt: u32,
        /// Processes inside the cell.
        parallel: u32,
    },
    /// A cell enters a phase.
    CellPhase {
        /// Which cell.
        cell: CellName,
        /// The phase it enters.
        phase: Phase,
    },
    /// What the cell runs on, as its own process sees it.
    CellEnvironment {
        /// Which cell.
        cell: CellName,
        /// What: `python`, `django`, `driver`, `server`.
        facts: Vec<(String, String)>,
    },
    /// The suite was collected.
    CellCollected {
        /// Which cell.
        cell: CellName,
        /// How many tests it has.
        tests: u64,
    },
    /// A test began (serial cells only).
    TestStarted {
        /// Which cell.
        cell: CellName,
        /// The test's id.
        test: String,
    },
    /// A test, subtest or set-up has an outcome.
    TestFinished {
        /// Which cell.
        cell: CellName,
        /// What became of it.
        #[serde(flatten)]
        result: TestResult,
    },
    /// A line of the cell's human log.
    CellLog {
        /// Which cell.
        cell: CellName,
        /// The line, without its end.
        line: String,
    },
    /// Django's own totals, when the suite came to its end.
    CellTotals {
        /// Which cell.
        cell: CellName,
        /// As in Django's closing lines.
        counts: Counts,
    },
    /// A cell ended. The last such event of a cell counts.
    CellFinished {
        /// Which cell.
        cell: CellName,
        /// How.
        outcome: Outcome,
        /// Why, unless it is a verdict on Django.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
        /// One sentence more.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
        /// The last lines of its log, where it could not run to its end.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        log: Vec<String>,
        /// Seconds from its start.
        seconds: f64,
    },
    /// The run ended.
    RunFinished {
        /// Seconds from its start.
        seconds: f64,
        /// Whether the user stopped it.
        interrupted: bool,
    },
}

/// What a run sets out to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Its id.
    pub run: RunId,
    /// The version of djbuild.
    pub djbuild: String,
    /// What is tested.
    pub revisions: Vec<Revision>,
    /// The cells, in the order of the matrix.
    pub cells: Vec<Cell>,
    /// What the matrix leaves out, and why.
    pub excluded: Vec<(Cell, String)>,
    /// Labels and flags for `runtests.py`.
    pub arguments: Vec<String>,
    /// The flags among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// The matrix file, as the user named it.
    #[serde(default)]
    pub matrix: String,
    /// How many cells at once.
    pub jobs: u32,
    /// What asked for it, where nobody typed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// Why it asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// What became of one test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// The test's id, as unittest gives it.
    pub test: String,
    /// What became of it.
    pub outcome: TestOutcome,
    /// Seconds it took, where that is known.
    #[serde(default)]
    pub seconds: f64,
    /// The subtest's parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtest: Option<String>,
    /// Why it was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether this is no further test in `Ran N tests`: a second outcome of
    /// one test, such as a failing subtest, or a failing `setUpClass`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extra: bool,
    /// The traceback, capped by the runner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceback: Option<String>,
}

impl Event {
    /// The cell this event is about.
    pub fn cell(&self) -> Option<&CellName> {
        match self {
            Self::CellStarted { cell, .. }
            | Self::CellPhase { cell, .. }
            | Self::CellEnvironment { cell, .. }
            | Self::CellCollected { cell, .. }
            | Self::TestStarted { cell, .. }
            | Self::TestFinished { cell, .. }
            | Self::CellLog { cell, .. }
            | Self::CellTotals { cell, .. }
            | Self::CellFinished { cell, .. } => Some(cell),
            _ => None,
        }
    }
}
