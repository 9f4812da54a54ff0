use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::begin::begin;
use super::recording::Recording;
use super::{Home, Prepared, tidy};
use crate::engine::{Cancel, Engine};
use crate::event::{NoticeKind, Summary};
use crate::journal::{Emitter, Journal};
use crate::model::RunId;
use crate::store::Retention;

/// How long the disk may take to keep the end of a run; the user may want the end
/// sooner.
const KEEPING: Duration = Duration::from_secs(60);
const HURRY: Duration = Duration::from_secs(3);

/// Removes on a thread of its own what need not be kept.
fn tidy_meanwhile(home: &Home, retention: Retention, emit: &Emitter) -> JoinHandle<()> {
    let (home, emit) = (home.clone(), emit.clone());
    tokio::task::spawn_blocking(move || {
        if let Err(error) = tidy(&home, &retention) {
            let message = format!("what need not be kept could not be removed: {error}");
            emit.notice(NoticeKind::Leftover, message);
        }
    })
}

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
        retention,
    } = prepared;
    let emit = begin(journal, started, notices);
    let recording = Recording::begin(home, &run, journal);
    let tidying = tidy_meanwhile(home, retention, &emit);
    engine.run(plan, &emit, &cancel).await;
    journal.close();
    let kept = tokio::select! {
        kept = recording.end(KEEPING) => kept,
        () = async { cancel.cancelled_now().await; tokio::time::sleep(HURRY).await } => {
            Err("the disk does not take it, and nobody wanted to wait".to_owned())
        }
    };
    // What is left to be tidied is tidied by the next run.
    tidying.abort();
    drop(lock);
    Some(Finished {
        run,
        summary: journal.summary()?,
        unkept: kept.err(),
    })
}
