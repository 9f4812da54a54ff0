use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::Cancel;
use crate::store::State;

/// How often what is kept is looked at: one look for all who follow.
const LOOK: Duration = Duration::from_millis(500);

/// A number that grows when something has changed that pages show.
#[derive(Debug)]
pub struct Pulse {
    number: watch::Sender<u64>,
    over: CancellationToken,
}

impl Default for Pulse {
    fn default() -> Self {
        // Who was there before a restart is told at once that things may have changed.
        let now = crate::watch::now().0;
        Self {
            number: watch::Sender::new(u64::try_from(now).unwrap_or(0)),
            over: CancellationToken::new(),
        }
    }
}

impl Pulse {
    /// Follows it.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.number.subscribe()
    }

    /// Whether nothing more will come; who follows is to go.
    pub fn over(&self) -> CancellationToken {
        self.over.clone()
    }

    /// How many follow it.
    pub fn followers(&self) -> usize {
        self.number.receiver_count()
    }
}

/// Looks at what is kept until it is told to stop. What cannot be read now is looked at
/// again.
pub async fn beat(pulse: &Pulse, state: &State, stop: &Cancel) {
    let mut farm = None;
    let mut seen = None;
    while !stop.is_cancelled() {
        if pulse.followers() > 0 {
            if farm.is_none() {
                farm = state.farm().ok();
            }
            let version = farm.as_ref().and_then(|farm| farm.version().ok());
            match version {
                None => farm = None,
                version if version != seen => {
                    seen = version;
                    pulse.number.send_modify(|number| *number += 1);
                }
                _ => {}
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => {}
        }
    }
    pulse.over.cancel();
}
