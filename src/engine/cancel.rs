use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// Tells something to end: gracefully, or at once.
#[derive(Debug)]
pub struct Canceller(Cancel);

/// Told to end. A child is told whenever its parent is, and may be told alone:
/// one run of several in a process.
#[derive(Debug, Clone)]
pub struct Cancel {
    soon: CancellationToken,
    now: CancellationToken,
    /// Its parts by their names, which may be ended alone.
    parts: Arc<Mutex<BTreeMap<String, CancellationToken>>>,
}

/// A canceller and what it cancels.
pub fn cancellation() -> (Canceller, Cancel) {
    let cancel = Cancel {
        soon: CancellationToken::new(),
        now: CancellationToken::new(),
        parts: Arc::default(),
    };
    (Canceller(cancel.clone()), cancel)
}

impl Canceller {
    /// Ends it gracefully; the second time, at once. Returns whether this was the
    /// first time.
    pub fn press(&self) -> bool {
        let first = !self.0.soon.is_cancelled();
        if first {
            self.0.soon.cancel();
        } else {
            self.0.now.cancel();
        }
        first
    }

    /// Ends the part of this name alone, gracefully. Returns whether there is one that
    /// was not ended before.
    pub fn press_part(&self, name: &str) -> bool {
        let parts = held(&self.0.parts);
        let part = parts.get(name).filter(|part| !part.is_cancelled());
        part.inspect(|part| part.cancel()).is_some()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cancel {
    /// What ends with this, and may end before.
    pub fn child(&self) -> (Canceller, Self) {
        let child = Self {
            soon: self.soon.child_token(),
            now: self.now.child_token(),
            parts: Arc::default(),
        };
        (Canceller(child.clone()), child)
    }

    /// What ends with this, and may be ended alone by its name.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        let (_, part) = self.child();
        held(&self.parts).insert(name.to_owned(), part.soon.clone());
        part
    }

    /// Whether the end is asked for.
    pub fn is_cancelled(&self) -> bool {
        self.soon.is_cancelled()
    }

    /// Whether the end is asked for at once.
    pub fn is_cancelled_now(&self) -> bool {
        self.now.is_cancelled()
    }

    /// Waits until the end is asked for.
    pub async fn cancelled(&self) {
        self.soon.cancelled().await;
    }

    /// Waits until the end is asked for at once.
    pub async fn cancelled_now(&self) {
        self.now.cancelled().await;
    }

    /// Is cancelled with the graceful end of this, or by itself.
    pub fn token(&self) -> CancellationToken {
        self.soon.child_token()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_ended_alone_ends_no_other() {
        let (all, whole) = cancellation();
        let (one, first) = whole.child();
        let (_, second) = whole.child();
        assert!(one.press());
        assert!(first.is_cancelled() && !second.is_cancelled() && !whole.is_cancelled());
        assert!(all.press());
        assert!(second.is_cancelled());
        assert!(!one.press(), "it was asked before");
    }

    #[test]
    fn a_part_is_ended_alone_by_its_name_and_with_the_whole() {
        let (canceller, whole) = cancellation();
        let (one, other) = (whole.part("one"), whole.part("other"));
        assert!(canceller.press_part("one") && !canceller.press_part("one"));
        assert!(!canceller.press_part("none"));
        assert!(one.is_cancelled() && !other.is_cancelled() && !whole.is_cancelled());
        canceller.press();
        assert!(other.is_cancelled());
    }
}
