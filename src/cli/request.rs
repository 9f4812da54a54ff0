use super::args::{
    BaseWord, CoverWord, ImageOptions, IsolationWord, KeepOptions, NoTestsWord, PaceOptions,
    RunOptions, SelectOptions,
};
use super::error::CliError;
use crate::matrix::Cover;
use crate::plan::{BaseSource, NoTests};
use crate::run::{Images, Pacing, Request, Scope};
use crate::source::Reach;
use crate::spec::Isolation;
use crate::store::Retention;

impl RunOptions {
    /// What is typed, as a run is asked for.
    pub fn request(&self) -> Result<Request, CliError> {
        Ok(Request {
            scope: self.select.scope()?,
            labels: self.labels.clone(),
            flags: self.arguments.clone(),
            pace: self.pace.pacing(),
            images: self.images.images(),
            retention: self.keeping.retention(),
            priority: 0,
            by: None,
        })
    }
}

impl SelectOptions {
    /// What is typed, from the folder djbuild was called in.
    pub fn scope(&self) -> Result<Scope, CliError> {
        Ok(Scope {
            folder: std::env::current_dir().map_err(CliError::read("."))?,
            matrix: self.matrix.clone(),
            text: None,
            sources: self.source.clone(),
            pins: Vec::new(),
            branches: self.branch.clone(),
            worktree: self.worktree,
            pythons: self.python.clone(),
            databases: self.database.clone(),
            variants: self.variant.clone(),
            cover: match self.cover {
                CoverWord::All => Cover::All,
                CoverWord::Pairwise => Cover::Pairwise,
                CoverWord::Each => Cover::Each,
                CoverWord::MinMax => Cover::MinMax,
            },
            budget: self.budget,
            jobs: self.jobs,
            reach: if self.offline {
                Reach::Offline
            } else {
                Reach::Online
            },
            releases: self.releases.clone(),
        })
    }
}

impl PaceOptions {
    pub fn pacing(&self) -> Pacing {
        Pacing {
            parallel: self.parallel,
            fail_fast: self.fail_fast && !self.keep_going,
            isolation: self.isolation.map(|word| match word {
                IsolationWord::Run => Isolation::Run,
                IsolationWord::Cell => Isolation::Cell,
            }),
            cell_timeout: self.timeout,
            quiet_timeout: self.quiet_timeout,
            engine_timeout: self.engine_timeout,
            memory: self.memory.map(|mib| mib << 20),
            log_limit: self.log_limit << 20,
            no_tests: match self.no_tests {
                NoTestsWord::Fail => NoTests::Fail,
                NoTestsWord::Pass => NoTests::Pass,
            },
        }
    }
}

impl KeepOptions {
    /// How long runs are kept.
    pub const fn retention(&self) -> Retention {
        Retention {
            max_age: self.keep_for,
            max_runs: self.keep_runs,
            max_bytes: self.keep_size,
        }
    }
}

impl ImageOptions {
    /// Where images come from.
    pub fn images(&self) -> Images {
        Images {
            base: match self.base {
                BaseWord::Auto => BaseSource::Auto,
                BaseWord::Registry => BaseSource::Registry,
                BaseWord::Debian => BaseSource::Debian,
            },
            registry: self.registry.clone(),
            debian_mirror: self.debian_mirror.clone(),
            dockerfiles: self.dockerfiles.clone(),
            trust_pull_requests: self.trust_pull_requests,
        }
    }
}
