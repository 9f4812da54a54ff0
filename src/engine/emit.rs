use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use crate::event::{Envelope, Event};

/// Sends events, each with the time it happened.
#[derive(Debug, Clone)]
pub struct Emitter(mpsc::Sender<Envelope>);

impl Emitter {
    /// Sends to this channel.
    pub const fn new(sender: mpsc::Sender<Envelope>) -> Self {
        Self(sender)
    }

    /// Sends an event, waiting while the receiver is behind. When nobody
    /// receives any more the run goes on: a sink never fails a run.
    pub async fn emit(&self, event: Event) {
        let _ = self.0.send(envelope(event)).await;
    }

    /// Sends an event from a place that cannot wait; it is lost when the
    /// receiver is far behind. Good enough for the lines of a build's log.
    pub fn try_emit(&self, event: Event) {
        let _ = self.0.try_send(envelope(event));
    }
}

fn envelope(event: Event) -> Envelope {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Envelope {
        seq: 0,
        at: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        event,
    }
}
