use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::watch;

use super::caller::Caller;
use super::patience::Patience;
use crate::runtime::{Runtime, RuntimeError};

/// Between two looks for an engine that is away; with some chance up to twice as
/// long, which is as much as patience counts between two looks at it.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_millis(1500);

/// Whether an engine answers, as all that use it have last seen.
pub struct Presence {
    runtime: Arc<dyn Runtime>,
    away: watch::Sender<Away>,
}

/// An engine is away as long as somebody waits for it.
#[derive(Debug, Default)]
struct Away {
    waiting: u32,
    /// How often it was found to be back.
    returns: u64,
}

/// One who waits for an engine, until it is dropped.
struct Waiting<'a>(&'a watch::Sender<Away>);

impl Presence {
    pub fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self {
            runtime,
            away: watch::channel(Away::default()).0,
        }
    }

    /// Whether the engine is here, as far as anybody knows. Waits as long as it is
    /// known to be away, and no longer than the caller wants: nothing is begun
    /// meanwhile.
    pub async fn here(&self, caller: &Caller) -> bool {
        if caller.has_given_up() {
            return self.is_back(caller).await;
        }
        let mut away = self.away.subscribe();
        tokio::select! {
            biased;
            // The sender lives as long as this.
            _ = away.wait_for(|away| away.waiting == 0) => true,
            () = tokio::time::sleep(caller.patience) => false,
            () = caller.cancel.cancelled() => false,
        }
    }

    /// Waits for an engine that did not answer, and says whether it came back within
    /// the caller's patience, of which there is one for all of a run.
    pub async fn wait(&self, error: &RuntimeError, caller: &Caller) -> bool {
        let _waiting = Waiting::begin(&self.away);
        caller.misses(error);
        let mut returns = self.away.subscribe();
        let mut patience = Patience::new();
        let mut pauses = pauses();
        loop {
            let seen = returns.borrow_and_update().returns;
            if self.is_back(caller).await {
                return true;
            }
            if caller.has_given_up() || patience.spent() > caller.patience {
                caller.give_up();
                return false;
            }
            tokio::select! {
                () = tokio::time::sleep(pauses.next().unwrap_or(LONGEST)) => {}
                // Somebody else saw it.
                _ = returns.wait_for(|away| away.returns != seen) => {}
                () = caller.cancel.cancelled_now() => return false,
            }
        }
    }

    async fn is_back(&self, caller: &Caller) -> bool {
        let is_back = self.runtime.ping().await.is_ok();
        if is_back {
            self.away.send_modify(|away| away.returns += 1);
            caller.has_again();
        }
        is_back
    }
}

/// Why nothing was begun on an engine that is not here.
pub fn still_away() -> RuntimeError {
    RuntimeError::Unreachable("it has been away for too long".to_owned())
}

impl<'a> Waiting<'a> {
    fn begin(away: &'a watch::Sender<Away>) -> Self {
        away.send_modify(|away| away.waiting += 1);
        Self(away)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // Where nobody looks any more, whoever asks next sees for themselves.
        self.0.send_modify(|away| away.waiting -= 1);
    }
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(SHORTEST)
        .with_max_delay(LONGEST)
        .without_max_times()
        .with_jitter()
        .build()
}
