use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Journal;
use crate::event::{Event, Notice, NoticeKind};

/// Writes into a journal, each event with the time it happened.
#[derive(Debug, Clone)]
pub struct Emitter(Arc<Journal>);

impl Emitter {
    /// Writes into this journal.
    pub const fn new(journal: Arc<Journal>) -> Self {
        Self(journal)
    }

    /// Writes an event, and waits for nobody.
    pub fn emit(&self, event: Event) {
        self.0.write(now(), event);
    }

    /// Writes a notice.
    pub fn notice(&self, kind: NoticeKind, message: impl Into<String>) {
        self.emit(Event::Notice(Notice::new(kind, message)));
    }

    /// Waits while those who follow are far behind.
    pub async fn room(&self) {
        self.0.room().await;
    }

    /// Whether those who follow are so far behind that there is no room.
    pub fn is_behind(&self) -> bool {
        self.0.is_behind()
    }

    /// Whether both write into the same journal.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Milliseconds since 1970-01-01 UTC.
fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
