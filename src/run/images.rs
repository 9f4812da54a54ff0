use std::sync::Arc;

use super::begin::begin;
use super::{Home, Prepared};
use crate::engine::{Cancel, Engine, Unmade};
use crate::event::{RunStarted, Summary};
use crate::journal::Journal;
use crate::store::{History, StoreError};

/// Images that were made, or were there.
#[derive(Debug)]
pub struct Made {
    /// What happened.
    pub summary: Summary,
    /// The cells that could not start on them.
    pub unmade: Vec<Unmade>,
    /// Whether it is noted which images are in use.
    pub noted: Result<(), StoreError>,
}

/// Makes the images of a prepared run, and runs nothing.
pub async fn make_images(
    engine: &Arc<Engine>,
    prepared: Prepared,
    home: &Home,
    journal: &Arc<Journal>,
    cancel: Cancel,
) -> Option<Made> {
    let Prepared {
        run,
        lock,
        plan,
        started,
        notices,
        retention: _,
    } = prepared;
    let started = RunStarted {
        cells: Vec::new(),
        ..started
    };
    let emit = begin(journal, started, notices);
    let unmade = engine.make_images(plan, &emit, &cancel).await;
    journal.close();
    drop(lock);
    home.state.forget(&run);
    let summary = journal.summary()?;
    let noted =
        History::open(&home.state.history_file()).and_then(|history| history.add_images(&summary));
    Some(Made {
        summary,
        unmade,
        noted,
    })
}
