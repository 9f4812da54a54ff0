use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Home;
use crate::event::NoticeKind;
use crate::journal::{Emitter, Follower, Journal};
use crate::model::{RunId, plural};
use crate::store::{Recorder, StoreError};

/// How often what was recorded is made readable for others.
const TICK: Duration = Duration::from_secs(1);

/// A run being kept, on a thread of its own: a disk may be slow, full or gone.
pub struct Recording {
    thread: Option<JoinHandle<Result<(), StoreError>>>,
}

impl Recording {
    /// Begins to keep a run. Where that is not possible the run goes on without,
    /// and says so.
    pub fn begin(home: &Home, run: &RunId, journal: &Arc<Journal>) -> Self {
        let emit = Emitter::new(Arc::clone(journal));
        let recorder = match Recorder::new(&home.state, run) {
            Ok(recorder) => recorder,
            Err(error) => {
                emit.notice(
                    NoticeKind::Leftover,
                    format!("this run is not kept: {error}"),
                );
                return Self { thread: None };
            }
        };
        let follower = journal.follow(0);
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || keep(recorder, &follower, &emit));
        Self {
            thread: thread.ok(),
        }
    }

    /// Waits until everything is kept, or until a disk has had long enough. Returns
    /// why the run, or its end, is not kept.
    pub async fn end(self, patience: Duration) -> Result<(), String> {
        let Some(thread) = self.thread else {
            return Ok(());
        };
        let deadline = Instant::now() + patience;
        while !thread.is_finished() {
            if Instant::now() > deadline {
                return Err("the disk does not take it".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        match thread.join() {
            Ok(kept) => kept.map_err(|error| error.to_string()),
            Err(_) => Err("a bug, which has been told".to_owned()),
        }
    }
}

/// Keeps what comes until the end. What cannot be kept is told, and no reason not to
/// keep the rest.
fn keep(mut recorder: Recorder, follower: &Follower, emit: &Emitter) -> Result<(), StoreError> {
    let tell = |kept: Result<(), StoreError>| {
        if let Err(error) = kept {
            emit.notice(NoticeKind::Leftover, format!("not all is kept: {error}"));
        }
    };
    loop {
        let batch = follower.wait(TICK);
        if batch.missed > 0 {
            let events = plural(batch.missed, "event");
            let message = format!("the disk is too slow: {events} are not kept");
            emit.notice(NoticeKind::Leftover, message);
        }
        for envelope in &batch.events {
            tell(recorder.record(envelope));
        }
        if batch.is_last {
            break;
        }
        tell(recorder.tick());
    }
    match follower.summary() {
        Some(summary) => recorder.finish(&summary),
        None => Ok(()),
    }
}
