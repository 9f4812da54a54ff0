use super::WatchError;
use crate::model::Moment;
use crate::spec::{Trigger, Watch};
use crate::store::farm::{Book, Ended, Progress};

/// The scheduler of what somebody wants by name.
pub const NOBODY: &str = "forced";

/// Takes a configuration that is new: clocks begin to run, and what was requested by
/// schedulers that are gone is cancelled.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn adopt(book: &Book<'_>, watch: &Watch, now: Moment) -> Result<(), WatchError> {
    let is_there = |name: &str| {
        let mut schedulers = watch.schedulers.iter();
        name == NOBODY || schedulers.any(|scheduler| scheduler.name == name)
    };
    for scheduler in &watch.schedulers {
        if matches!(scheduler.trigger, Trigger::Cron(_)) {
            book.scheduler(&scheduler.name, now)?;
        }
    }
    for name in book.waited_for()? {
        if !is_there(&name) {
            for pending in book.pending(&name)? {
                book.remove_pending(&name, pending.change.id)?;
            }
        }
    }
    for request in book.open_requests()? {
        if request.progress == Progress::Waiting && !is_there(&request.asked.scheduler) {
            let ended = Ended {
                at: now,
                outcome: "cancelled".to_owned(),
                word: format!("there is no scheduler {} any more", request.asked.scheduler),
                superseded: None,
            };
            book.end_request(request.id, &ended)?;
        }
    }
    book.set_back(now)?;
    Ok(())
}
