use super::WatchError;
use crate::model::Moment;
use crate::spec::{Trigger, Watch};
use crate::store::farm::{Book, Ended, Progress, Repository};

/// The scheduler of what somebody wants by name.
pub const NOBODY: &str = "forced";
/// The scheduler of what somebody tries.
pub const TRIES: &str = "try";
/// The scheduler of the search for culprits.
pub const HUNTS: &str = "bisect";

/// Takes a configuration that is new: clocks begin to run, and what was requested by
/// schedulers that are gone is cancelled. A scheduler that leaves, or leaves a branch,
/// and comes again is a new one. To do it twice is to do it once.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn adopt(book: &Book<'_>, watch: &Watch, now: Moment) -> Result<(), WatchError> {
    let is_there = |name: &str| {
        let mut schedulers = watch.schedulers.iter();
        [NOBODY, TRIES, HUNTS].contains(&name) || schedulers.any(|scheduler| scheduler.name == name)
    };
    for request in book.open_requests()? {
        if request.progress == Progress::Waiting && !is_there(&request.asked.scheduler) {
            let ended = Ended {
                at: now,
                outcome: "cancelled".to_owned(),
                word: format!("there is no scheduler {} any more", request.asked.scheduler),
                superseded: None,
            };
            book.end_request(request.id, &ended)?;
            book.free_cause(request.id)?;
        }
    }
    for name in book.kept_schedulers()? {
        if !is_there(&name) {
            book.forget_scheduler(&name)?;
        }
    }
    for scheduler in &watch.schedulers {
        if matches!(scheduler.trigger, Trigger::Cron(_)) {
            book.scheduler(&scheduler.name, now)?;
        }
        for (repository, branch) in book.interests(&scheduler.name)? {
            if !scheduler.watches(&branch) {
                book.leave_branch(&scheduler.name, (&repository, &branch))?;
            }
        }
    }
    for place in watch.places() {
        let row = book.repository(&place)?;
        // Nobody waits for longer than what is said now.
        if row.failures == 0 && row.next > now.plus(watch.interval) {
            book.put_repository(&Repository {
                next: now.plus(watch.interval),
                ..row
            })?;
        }
    }
    book.set_back(now)?;
    Ok(())
}
