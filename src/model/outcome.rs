use std::fmt;

use serde::{Deserialize, Serialize};

/// How a cell, or a run, ended.
///
/// `Failed` is Django's, `Infrastructure` is ours; the two are never mixed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Every test passed or was rightly skipped.
    Passed,
    /// Nothing ran: this machine has no image for it.
    Skipped,
    /// The suite ran to its end and no test was in it: neither good nor bad.
    Empty,
    /// Django's tests failed.
    Failed,
    /// The suite could not run to its end: bad labels, settings, an interpreter crash.
    Errored,
    /// Ours: Docker, a database that died, out of memory, a timeout, no space.
    Infrastructure,
    /// The user stopped it.
    Cancelled,
}

impl Outcome {
    /// The word shown and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Empty => "empty",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Infrastructure => "infrastructure",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a cell did not end with a verdict on Django, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The kernel killed a process of the cell for its memory limit.
    OutOfMemory,
    /// Something outside killed the cell's container or a process of it.
    Killed,
    /// A disk was full.
    NoSpace,
    /// No test finished for longer than allowed: Django's where the test is
    /// known, and ours where it is not.
    Hung,
    /// The cell took longer than a cell may.
    TimedOut,
    /// It wrote more log than a cell may.
    Flooded,
    /// The database or a cache server ended while cells were using it.
    ServiceDied,
    /// The database or a cache server never answered.
    ServiceUnready,
    /// The database server cut clients off or took no more of them.
    ServiceFailed,
    /// An image could not be built.
    ImageFailed,
    /// The container engine refused or went away.
    EngineFailed,
    /// The interpreter crashed in the middle of a test.
    Crashed,
    /// The suite stopped before it reported its end.
    SuiteBroke,
}

impl Cause {
    /// The name shown and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OutOfMemory => "out of memory",
            Self::Killed => "killed",
            Self::NoSpace => "no space",
            Self::Hung => "hung",
            Self::TimedOut => "timed out",
            Self::Flooded => "flooded its log",
            Self::ServiceDied => "service died",
            Self::ServiceUnready => "service never ready",
            Self::ServiceFailed => "service failed",
            Self::ImageFailed => "image build failed",
            Self::EngineFailed => "container engine failed",
            Self::Crashed => "interpreter crashed",
            Self::SuiteBroke => "suite broke off",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a running cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Its image and tree are being made ready.
    Images,
    /// Its database and caches are being started.
    Services,
    /// Its container is being created and started.
    Starting,
    /// Django is loading while the database comes up.
    Loading,
    /// Test databases are being created.
    Databases,
    /// Tests are running.
    Testing,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Images => "images",
            Self::Services => "services",
            Self::Starting => "starting",
            Self::Loading => "loading",
            Self::Databases => "databases",
            Self::Testing => "testing",
        })
    }
}
