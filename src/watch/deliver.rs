use std::time::Duration;

use super::WatchError;
use crate::model::Moment;
use crate::spec::{Receiver, Watch};
use crate::store::farm::{Farm, OutboxRow, Posted};

/// The first pause after a notice was not taken; it trebles from try to try.
const PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);
/// What nobody took for so long is a dead letter.
const PATIENCE: Duration = Duration::from_secs(86_400);

/// Brings notices to receivers.
pub trait Post {
    /// Sends a notice, which may have been sent before.
    ///
    /// # Errors
    /// When it was not taken.
    fn post(&self, receiver: &Receiver, notice: &OutboxRow) -> Result<(), Undelivered>;
}

/// Why a notice was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// It may be later.
    Later(String),
    /// It never will be.
    Never(String),
}

/// Sends the first notice that a receiver has not got, if its time has come, and says when
/// to look again. One after the other: the order of notices is kept, and one receiver
/// delays no other.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn deliver(
    farm: &mut Farm,
    watch: &Watch,
    post: &dyn Post,
    receiver: &str,
    now: Moment,
) -> Result<Option<Moment>, WatchError> {
    let next = farm.look(|book| book.next_notices().map_err(WatchError::from))?;
    let Some(row) = next.into_iter().find(|row| row.notice.receiver == receiver) else {
        return Ok(None);
    };
    // A clock that was set back keeps nobody waiting for longer than a pause.
    if row.next > now && row.next.since(now) <= LONGEST_PAUSE {
        return Ok(Some(row.next));
    }
    let mut receivers = watch.receivers.iter();
    let result = match receivers.find(|one| one.name == receiver) {
        Some(receiver) => post.post(receiver, &row),
        None => Err(Undelivered::Never(format!(
            "there is no receiver {receiver} any more"
        ))),
    };
    let tries = row.tries.saturating_add(1);
    let tried = OutboxRow { tries, ..row };
    let after = match result {
        Ok(()) => OutboxRow {
            posted: Posted::Sent(now),
            trouble: None,
            ..tried
        },
        Err(Undelivered::Later(why)) if now.since(tried.made) < PATIENCE => OutboxRow {
            next: now.plus(pause(tries)),
            trouble: Some(why),
            ..tried
        },
        Err(Undelivered::Later(why) | Undelivered::Never(why)) => OutboxRow {
            posted: Posted::Dead,
            trouble: Some(why),
            ..tried
        },
    };
    let next = match after.posted {
        Posted::Waiting => after.next,
        _ => now,
    };
    farm.within(|book| book.put_posted(&after).map_err(WatchError::from))?;
    Ok(Some(next))
}

fn pause(tries: u32) -> Duration {
    let factor = 3_u32.saturating_pow(tries.saturating_sub(1));
    PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}
