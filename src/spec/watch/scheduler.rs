use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Files;
use crate::spec::{Pattern, Place};

/// Decides what is run of which branches, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduler {
    /// Its name: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Globs over branches; at least one.
    pub branches: Vec<Pattern>,
    /// What sets it off.
    pub trigger: Trigger,
    /// Which changed files concern it.
    pub files: Files,
    /// What becomes of commits that come close together.
    pub collapse: Collapse,
    /// What the first sight of a branch requests.
    pub first: First,
    /// Whether a run that goes on is cancelled when a newer commit requests the same.
    pub cancel_superseded: bool,
    /// Which requests go first: those with more.
    pub priority: i32,
    /// Names that no two running requests hold at once, sorted.
    pub locks: Vec<String>,
    /// What is run.
    pub job: Job,
    /// Where it is.
    pub place: Place,
}

impl Scheduler {
    /// What [`Scheduler::usual`] is called.
    pub const USUAL: &'static str = "branches";

    /// Whether it is interested in a branch.
    pub fn watches(&self, branch: &str) -> bool {
        self.branches.iter().any(|glob| glob.matches(branch))
    }

    /// Each commit of the branches that Django supports, tested on the file's own matrix.
    pub fn usual(place: Place) -> Self {
        let globs = ["main", "stable/*"].into_iter().map(Pattern::new);
        Self {
            name: Self::USUAL.to_owned(),
            branches: globs.filter_map(Result::ok).collect(),
            trigger: Trigger::Commits {
                settle: Duration::from_secs(10),
                settle_max: Duration::from_secs(600),
            },
            files: Files::default(),
            collapse: Collapse::Newest,
            first: First::Tip,
            cancel_superseded: false,
            priority: 0,
            locks: Vec::new(),
            job: Job::Suite(Suite::default()),
            place,
        }
    }
}

/// What sets a scheduler off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// Commits: when none came for `settle`, at the latest `settle_max` after the first.
    Commits {
        /// The quiet that is waited for.
        settle: Duration,
        /// How long it is waited for at most.
        settle_max: Duration,
    },
    /// The clock.
    Cron(Cron),
    /// The end of what another scheduler requested.
    After {
        /// That scheduler's name.
        scheduler: String,
        /// Which ends.
        release: Release,
    },
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commits { settle, .. } => {
                let settle = humantime::format_duration(*settle);
                write!(f, "when commits have settled for {settle}")
            }
            Self::Cron(cron) => write!(f, "at {} in {}", cron.schedule, cron.zone),
            Self::After { scheduler, .. } => write!(f, "after {scheduler}"),
        }
    }
}

/// A time that comes again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    /// Minute, hour, day of month, month, day of week, as cron has them.
    pub schedule: String,
    /// The name of a time zone: `Europe/Berlin`, `UTC`.
    pub zone: String,
    /// Nothing is run of a branch that is where this scheduler last completed it.
    pub only_if_changed: bool,
    /// But for those completed longer ago than this.
    pub force_every: Option<Duration>,
    /// What was missed while nobody watched is made up for, once.
    pub catch_up: bool,
}

/// Which ends of another's request release one that comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// It passed.
    Passed,
    /// It has a verdict: it passed, or tests failed.
    Decided,
}

/// What becomes of commits that come close together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collapse {
    /// The newest stands for all.
    Newest,
    /// Each is tested.
    Never,
}

/// What the first sight of a branch requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum First {
    /// Its tip.
    Tip,
    /// Nothing.
    Nothing,
    /// What it has since this revision.
    Since(String),
}

/// What a scheduler has run. The suite is one kind of job; others will be commands on
/// a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// Django's test suite.
    Suite(Suite),
}

/// What of the suite is run on what, as the options of `djbuild run` say it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Suite {
    /// A matrix file or the name of one; `None` is the file that the table is in.
    pub matrix: Option<String>,
    /// Globs over Pythons, or some that the matrix lacks.
    pub pythons: Vec<String>,
    /// Globs over databases, or some that the matrix lacks.
    pub databases: Vec<String>,
    /// Globs over variants.
    pub variants: Vec<String>,
    /// `all`, `pairwise`, `each` or `min-max`.
    pub cover: Option<String>,
    /// Test labels; none is the whole suite.
    pub labels: Vec<String>,
    /// Flags for `runtests.py`.
    pub flags: Vec<String>,
}
