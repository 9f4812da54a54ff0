//! What happens in a run, numbered as it comes: a summary that is always up to
//! date, and a stream that many can follow from any point.
//!
//! **Architecture invariant:** writing into a journal waits for nobody. Whoever
//! follows does so at their own pace, on a thread or task of their own; one that
//! stands still is left behind, and told how much it missed.

mod emit;
mod follower;
mod ring;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::event::{Envelope, Event, Summary};
use ring::Ring;

pub use emit::Emitter;
pub use follower::{Batch, Follower};

/// How often those who wait for room look whether somebody stands still.
const LOOK: Duration = Duration::from_secs(1);

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    written: Mutex<Written>,
    /// For followers that are threads.
    more: Condvar,
    /// For followers that are tasks: the number of the newest event.
    newest: watch::Sender<u64>,
    /// For writers that can wait: whether followers have fallen behind.
    behind: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Written {
    ring: Ring,
    summary: Option<Summary>,
    is_closed: bool,
}

impl Journal {
    /// An empty one.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            written: Mutex::default(),
            more: Condvar::new(),
            newest: watch::channel(0).0,
            behind: watch::channel(false).0,
        })
    }

    /// Writes down what happened at this time, in milliseconds since 1970.
    pub fn write(&self, at: u64, event: Event) {
        let mut written = self.written();
        if written.is_closed {
            return;
        }
        let seq = written.ring.newest() + 1;
        let envelope = Envelope { seq, at, event };
        match &mut written.summary {
            None => written.summary = Summary::begin(&envelope),
            Some(summary) => summary.apply(&envelope.event),
        }
        // Whoever still could write has nothing to say about this run.
        written.is_closed = matches!(envelope.event, Event::RunFinished { .. });
        written.ring.push(Arc::new(envelope));
        let is_behind = written.ring.is_behind();
        drop(written);
        self.more.notify_all();
        self.newest.send_replace(seq);
        self.tell_behind(is_behind);
    }

    /// Ends the stream, where no event did.
    pub fn close(&self) {
        self.written().is_closed = true;
        self.more.notify_all();
        self.newest.send_modify(|_| {});
    }

    /// Looks at the summary so far; there is none before the run has begun.
    pub fn look<R>(&self, at: impl FnOnce(Option<&Summary>) -> R) -> R {
        at(self.written().summary.as_ref())
    }

    /// What the run came to so far.
    pub fn summary(&self) -> Option<Summary> {
        self.written().summary.clone()
    }

    /// The number of the newest event, whenever there is a newer one.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Waits while those who follow have fallen far behind: for whoever reads
    /// what a container writes, and can leave it where it is for a while. One that
    /// does not move at all is not waited for.
    pub async fn room(&self) {
        let mut behind = self.behind.subscribe();
        // Looked at first: whoever waits may be interrupted more often than that.
        while *behind.borrow_and_update() && self.is_behind() {
            let _ = timeout(LOOK, behind.changed()).await;
        }
    }

    /// Whether those who follow, and move, have fallen far behind.
    pub fn is_behind(&self) -> bool {
        let is_behind = self.written().ring.is_behind();
        self.tell_behind(is_behind);
        is_behind
    }

    fn tell_behind(&self, is_behind: bool) {
        self.behind
            .send_if_modified(|behind| std::mem::replace(behind, is_behind) != is_behind);
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        // Nothing that can panic happens while it is held but the summary's fold,
        // and half of a fold is better than no journal.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
