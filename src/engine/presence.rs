use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::watch;

use super::caller::Caller;
use super::patience::Patience;
use crate::runtime::{Runtime, RuntimeError};

/// Between two looks for an engine that is away.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);

/// Whether an engine answers, as all that use it have last seen.
pub struct Presence {
    runtime: Arc<dyn Runtime>,
    away: watch::Sender<bool>,
}

impl Presence {
    pub fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self {
            runtime,
            away: watch::channel(false).0,
        }
    }

    /// Waits as long as the engine is known to be away: nothing is begun meanwhile.
    pub async fn here(&self) {
        // The sender lives as long as this.
        let _ = self.away.subscribe().wait_for(|away| !*away).await;
    }

    /// Waits for an engine that did not answer, and says whether it came back
    /// within the caller's patience.
    pub async fn wait(&self, error: &RuntimeError, caller: &Caller) -> bool {
        self.away.send_replace(true);
        caller.misses(error);
        let mut patience = Patience::new();
        let mut pauses = pauses();
        let is_back = loop {
            if self.runtime.ping().await.is_ok() {
                break true;
            }
            if patience.spent() > caller.patience {
                break false;
            }
            tokio::select! {
                () = tokio::time::sleep(pauses.next().unwrap_or(LONGEST)) => {}
                () = caller.cancel.cancelled_now() => break false,
            }
        };
        self.away.send_replace(false);
        if is_back {
            caller.has_again();
        }
        is_back
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
