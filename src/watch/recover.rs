use super::WatchError;
use super::ending::Ending;
use super::finish::finish;
use crate::model::{Moment, RunId};
use crate::spec::Watch;
use crate::store::farm::{Attempt, Farm, Progress};

/// What was cut off so many times while it ran is given up.
const CUT_OFF: usize = 2;
/// And so is what never gets so far: it may be what kills the watcher.
const ATTEMPTS: usize = 6;

/// What became of a run whose watcher is gone.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It has ended, and came to this.
    Ended(Ending),
    /// It was cut off.
    CutOff,
}

/// Takes up what a watcher that is gone has left: what ended is finished, what was cut
/// off is tried once more. Whoever calls this is the only watcher.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn recover(
    farm: &mut Farm,
    watch: &Watch,
    fate: &dyn Fn(&RunId) -> Fate,
    now: Moment,
) -> Result<usize, WatchError> {
    let open = farm.look(|book| book.open_requests().map_err(WatchError::from))?;
    let mut taken_up = 0;
    for request in open {
        if request.progress != Progress::Running {
            continue;
        }
        taken_up += 1;
        let attempts = farm.look(|book| book.attempts(request.id).map_err(WatchError::from))?;
        let last = attempts.last().filter(|attempt| attempt.ended.is_none());
        let run = last.and_then(|attempt| attempt.run.clone());
        let ending = match run.as_ref().map_or(Fate::CutOff, fate) {
            Fate::Ended(ending) => Some(ending),
            Fate::CutOff if request.cancel.is_some() => Some(Ending::without(
                "cancelled",
                request.cancel.as_deref().unwrap_or_default(),
            )),
            Fate::CutOff if is_given_up(&attempts) => Some(Ending::without(
                "infrastructure",
                "djbuild was killed while it ran, and again when it was tried once more",
            )),
            Fate::CutOff => None,
        };
        match ending {
            Some(ending) => finish(farm, watch, request.id, &ending, now)?,
            None => farm.within(|book| {
                book.end_attempt(request.id, "interrupted", now)?;
                book.wait_again(request.id).map_err(WatchError::from)
            })?,
        }
    }
    Ok(taken_up)
}

fn is_given_up(attempts: &[Attempt]) -> bool {
    let ran = attempts.iter().filter(|attempt| attempt.run.is_some());
    ran.count() >= CUT_OFF || attempts.len() >= ATTEMPTS
}
