use serde::{Deserialize, Serialize};

/// What became of one test, in unittest's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// It passed.
    Passed,
    /// An assertion did not hold.
    Failed,
    /// It raised something else.
    Errored,
    /// It was not run, for a reason it gave.
    Skipped,
    /// It failed, as its author said it would.
    ExpectedFailure,
    /// It passed, although its author said it would fail.
    UnexpectedSuccess,
}

impl TestOutcome {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Errored => "error",
            Self::Skipped => "skipped",
            Self::ExpectedFailure => "expected failure",
            Self::UnexpectedSuccess => "unexpected success",
        }
    }

    /// Whether Django counts this against the run.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Errored | Self::UnexpectedSuccess)
    }
}

/// How many tests ended how, in the words of Django's closing lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Tests run, as in `Ran 19730 tests`.
    pub tests: u64,
    /// `failures=`; each failing subtest counts, as in unittest.
    pub failures: u64,
    /// `errors=`, of set-ups and imports too.
    pub errors: u64,
    /// `skipped=`.
    pub skipped: u64,
    /// `expected failures=`.
    pub expected_failures: u64,
    /// `unexpected successes=`.
    pub unexpected_successes: u64,
}

impl Counts {
    /// How many count against the run.
    pub const fn bad(&self) -> u64 {
        self.failures + self.errors + self.unexpected_successes
    }

    /// Adds what one event says of one outcome. `tests` is not touched: a
    /// subtest or a failing set-up has an outcome and is no test of its own.
    pub fn record(&mut self, outcome: TestOutcome) {
        match outcome {
            TestOutcome::Passed => {}
            TestOutcome::Failed => self.failures += 1,
            TestOutcome::Errored => self.errors += 1,
            TestOutcome::Skipped => self.skipped += 1,
            TestOutcome::ExpectedFailure => self.expected_failures += 1,
            TestOutcome::UnexpectedSuccess => self.unexpected_successes += 1,
        }
    }

    /// Adds another cell's counts to these.
    pub fn add(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.expected_failures += other.expected_failures;
        self.unexpected_successes += other.unexpected_successes;
    }
}
