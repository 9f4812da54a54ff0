use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How fast and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many cells at once.
    pub jobs: u32,
    /// Cores to fill.
    pub cores: u32,
    /// Processes in a cell, where the user said so.
    pub parallel: Option<u32>,
    /// How long a cell may take.
    pub cell_timeout: Duration,
    /// How long no test may finish.
    pub quiet_timeout: Duration,
    /// How long an engine that went away is waited for.
    pub engine_timeout: Duration,
    /// How long a database may take to answer.
    pub ready_timeout: Duration,
    /// Bytes of log a cell may write.
    pub log_limit: u64,
    /// Bytes of memory a cell may use.
    pub memory: u64,
    /// Whether the first bad cell ends the run.
    pub fail_fast: bool,
    /// What a suite in which no test ran means.
    pub no_tests: NoTests,
}

/// What a suite in which no test ran means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoTests {
    /// That something is wrong with what was asked for.
    #[default]
    Fail,
    /// Nothing.
    Pass,
}

impl Pace {
    /// Processes for a cell that starts while `running` cells run and `waiting`
    /// wait, itself counted in neither: the cores shared among the cells there
    /// will be, so that they are full and not oversubscribed.
    pub fn parallel_for(&self, running: u32, waiting: u32) -> u32 {
        self.parallel.unwrap_or_else(|| {
            let together = (running + waiting + 1).min(self.jobs).max(1);
            (self.cores / together).max(1)
        })
    }

    /// Below how many tests a cell uses one process whatever `parallel_for` says;
    /// none where the user chose the number.
    pub const fn serial_below(&self) -> u32 {
        match self.parallel {
            Some(_) => 0,
            None => FEW_TESTS,
        }
    }
}

/// Fewer tests than this are run by one process. Since Python 3.14 processes are
/// not forked any more, and each loads Django anew: that takes about a second, in
/// which a hundred tests are done.
const FEW_TESTS: u32 = 100;

const GIB: u64 = 1 << 30;

/// How many cells fit at once on this many cores and bytes of memory: a cell
/// keeps a core busy and Django's suite wants about 1.5 GiB with its database.
pub fn jobs_for(cores: u32, memory: u64) -> u32 {
    let by_memory = memory.saturating_sub(GIB) / (3 * GIB / 2);
    cores
        .min(u32::try_from(by_memory).unwrap_or(u32::MAX))
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(jobs: u32, cores: u32, parallel: Option<u32>) -> Pace {
        Pace {
            jobs,
            cores,
            parallel,
            cell_timeout: Duration::ZERO,
            quiet_timeout: Duration::ZERO,
            engine_timeout: Duration::ZERO,
            ready_timeout: Duration::ZERO,
            log_limit: 0,
            memory: 0,
            fail_fast: false,
            no_tests: NoTests::Fail,
        }
    }

    #[test]
    fn a_lone_cell_gets_every_core() {
        assert_eq!(pace(2, 2, None).parallel_for(0, 0), 2);
        assert_eq!(pace(8, 8, None).parallel_for(0, 1), 4);
    }

    #[test]
    fn many_cells_share_the_cores() {
        assert_eq!(pace(8, 8, None).parallel_for(7, 20), 1);
        assert_eq!(pace(3, 8, None).parallel_for(2, 20), 2);
    }

    #[test]
    fn what_the_user_says_goes() {
        assert_eq!(pace(2, 2, Some(5)).parallel_for(1, 9), 5);
    }

    #[test]
    fn little_memory_means_few_cells_but_never_none() {
        assert_eq!(jobs_for(8, 4 * GIB), 2);
        assert_eq!(jobs_for(8, GIB / 2), 1);
        assert_eq!(jobs_for(2, 24 * GIB), 2);
    }
}
