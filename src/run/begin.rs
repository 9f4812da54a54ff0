use std::sync::Arc;

use crate::event::{Event, Notice, RunStarted};
use crate::journal::{Emitter, Journal};

/// Begins a run's journal: with what it sets out to do, and what is other than it was
/// asked for.
pub fn begin(journal: &Arc<Journal>, started: RunStarted, notices: Vec<Notice>) -> Emitter {
    let emit = Emitter::new(Arc::clone(journal));
    emit.emit(Event::RunStarted(Box::new(started)));
    for notice in notices {
        emit.emit(Event::Notice(notice));
    }
    emit
}
