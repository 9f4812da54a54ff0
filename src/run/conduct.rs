use std::sync::Arc;
use std::time::Duration;

use super::recording::Recording;
use super::{Home, Prepared};
use crate::engine::{Cancel, Engine};
use crate::event::{Event, Summary};
use crate::journal::{Emitter, Journal};
use crate::model::RunId;

/// How long the disk may take to keep the end of a run; the user may want the end
/// sooner.
const KEEPING: Duration = Duration::from_secs(60);
const HURRY: Duration = Duration::from_secs(3);

/// A run that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its id.
    pub run: RunId,
    /// What it came to.
    pub summary: Summary,
    /// Why it, or its end, is not kept, if so.
    pub unkept: Option<String>,
}

/// Carries a prepared run out, keeps it, and says what it came to. Whoever wants to
/// see it meanwhile follows the journal.
///
/// `None` when the engine could not even begin, which is a bug that has been told.
pub async fn conduct(
    engine: &Arc<Engine>,
    prepared: Prepared,
    home: &Home,
    journal: &Arc<Journal>,
    cancel: Cancel,
) -> Option<Finished> {
    let Prepared {
        run,
        lock,
        plan,
        started,
        notices,
    } = prepared;
    let emit = Emitter::new(Arc::clone(journal));
    emit.emit(Event::RunStarted(Box::new(started)));
    for notice in notices {
        emit.emit(Event::Notice(notice));
    }
    let recording = Recording::begin(home, &run, journal);
    engine.run(plan, &emit, &cancel).await;
    journal.close();
    let kept = tokio::select! {
        kept = recording.end(KEEPING) => kept,
        () = async { cancel.cancelled_now().await; tokio::time::sleep(HURRY).await } => {
            Err("the disk does not take it, and nobody wanted to wait".to_owned())
        }
    };
    drop(lock);
    Some(Finished {
        run,
        summary: journal.summary()?,
        unkept: kept.err(),
    })
}
