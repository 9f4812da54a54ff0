use tokio::signal::unix::{SignalKind, signal};

use super::sinks::warn;
use crate::engine::{Canceller, Emitter};
use crate::event::{Event, Notice, NoticeKind};

/// Ctrl-C, a polite kill and a closed terminal all ask for the end; the second
/// time they ask for it at once.
pub async fn listen(canceller: Canceller, emit: Emitter) {
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let mut signals = Vec::new();
    for kind in kinds {
        match signal(kind) {
            Ok(signal) => signals.push(signal),
            Err(error) => warn(&format!("cannot listen for signals: {error}")),
        }
    }
    if signals.is_empty() {
        return;
    }
    loop {
        let any = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures_util::future::select_all(any).await;
        let message = if canceller.press() {
            "stopping; once more stops at once".to_owned()
        } else {
            "stopping at once".to_owned()
        };
        emit.emit(Event::Notice(Notice::new(NoticeKind::Other, message)))
            .await;
    }
}
