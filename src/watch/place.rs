use crate::spec::{Scheduler, Watch};

/// A branch of a repository.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub repository: &'a str,
    pub branch: &'a str,
}

impl<'a> Place<'a> {
    /// As the farm takes it.
    pub const fn pair(&self) -> (&'a str, &'a str) {
        (self.repository, self.branch)
    }
}

/// Whether any scheduler is interested in a branch.
pub fn is_watched(watch: &Watch, branch: &str) -> bool {
    let mut schedulers = watch.schedulers.iter();
    schedulers.any(|scheduler| is_interested(scheduler, branch))
}

/// Whether a scheduler is.
pub fn is_interested(scheduler: &Scheduler, branch: &str) -> bool {
    scheduler.branches.iter().any(|glob| glob.matches(branch))
}
