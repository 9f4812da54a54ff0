use crate::event::{RunnerMessage, TestResult};
use crate::model::{Cause, Counts};

/// What was seen of a cell while it ran, for the verdict.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The tests whose results were told.
    pub told: Counts,
    /// Django's totals, if the suite came to its end.
    pub totals: Option<Counts>,
    /// The tests that began and have not ended: the last one, or those that worker
    /// processes were said to be at.
    pub in_flight: Vec<String>,
    /// What a crash, an unready service or a broken suite said of itself.
    pub complaint: Option<RunnerMessage>,
    /// How the suite's process ended, as the one above it saw.
    pub ended: Option<RunnerMessage>,
    /// The first shortage of the machine's or a server's that a failing test met.
    pub starved: Option<(Cause, String)>,
    /// The stack of every thread, if they were asked for.
    pub stacks: Vec<String>,
    /// The last lines of its human log.
    pub tail: Vec<String>,
}

impl Seen {
    /// Takes the result of a test.
    pub fn tell(&mut self, result: &TestResult) {
        self.in_flight.retain(|test| *test != result.test);
        self.told.record(result.outcome);
        self.told.tests += u64::from(!result.extra);
    }

    /// Whether nothing was said of how the suite ended.
    pub const fn says_no_end(&self) -> bool {
        self.totals.is_none() && self.complaint.is_none() && self.ended.is_none()
    }

    /// Whether a test counts against the cell of which nothing was told.
    pub fn lacks_why(&self) -> bool {
        self.totals
            .is_some_and(|totals| self.told.bad() < totals.bad())
    }

    /// How many tests Django counted of which nothing was told.
    pub fn untold(&self) -> u64 {
        self.totals
            .map_or(0, |totals| totals.tests.saturating_sub(self.told.tests))
    }
}
