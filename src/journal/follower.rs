use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Journal;
use crate::event::{Envelope, Summary};

/// Events taken together.
const BATCH: usize = 1024;

/// One who follows a journal.
#[derive(Debug)]
pub struct Follower {
    journal: Arc<Journal>,
    id: u64,
}

/// Some events, in order.
#[derive(Debug, Default)]
pub struct Batch {
    /// How many came before these that this follower was too slow for.
    pub missed: u64,
    /// The events.
    pub events: Vec<Arc<Envelope>>,
    /// Whether no more will come.
    pub is_last: bool,
}

impl Journal {
    /// Follows from the event after this one: 0 for all that is kept.
    pub fn follow(self: &Arc<Self>, seen: u64) -> Follower {
        Follower {
            id: self.written().ring.join(seen),
            journal: Arc::clone(self),
        }
    }
}

impl Follower {
    /// The next events; none after `patience`. Blocks this thread.
    pub fn wait(&self, patience: Duration) -> Batch {
        let written = self.journal.written();
        let (mut written, _) = self
            .journal
            .more
            .wait_timeout_while(written, patience, |written| {
                !written.is_closed && !written.ring.has_more(self.id)
            })
            .unwrap_or_else(PoisonError::into_inner);
        let (events, missed) = written.ring.take(self.id, BATCH);
        let is_last = written.is_closed && !written.ring.has_more(self.id);
        let is_behind = written.ring.is_behind();
        drop(written);
        self.journal.tell_behind(is_behind);
        Batch {
            missed,
            events,
            is_last,
        }
    }

    /// The next events, without blocking a thread.
    pub async fn next(&self) -> Batch {
        let mut newest = self.journal.newest();
        loop {
            newest.borrow_and_update();
            let batch = self.wait(Duration::ZERO);
            if batch.is_last || !batch.events.is_empty() || newest.changed().await.is_err() {
                return batch;
            }
        }
    }

    /// What the run came to so far.
    pub fn summary(&self) -> Option<Summary> {
        self.journal.summary()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut written = self.journal.written();
        written.ring.leave(self.id);
        let is_behind = written.ring.is_behind();
        drop(written);
        self.journal.tell_behind(is_behind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Notice, NoticeKind};

    fn notice(text: &str) -> Event {
        Event::Notice(Notice::new(NoticeKind::Other, text))
    }

    #[test]
    fn a_follower_waits_for_what_comes_and_for_the_end() {
        let journal = Journal::new();
        let follower = journal.follow(0);
        let writer = Arc::clone(&journal);
        let writing = std::thread::spawn(move || {
            for number in 0..3000_u64 {
                writer.write(number, notice("n"));
            }
            writer.close();
        });
        let mut seen = Vec::new();
        loop {
            let batch = follower.wait(Duration::from_secs(5));
            seen.extend(batch.events.iter().map(|envelope| envelope.seq));
            if batch.is_last {
                break;
            }
        }
        writing.join().expect("it does not panic");
        assert_eq!(seen, (1..=3000).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_task_follows_as_a_thread_does() {
        let journal = Journal::new();
        let follower = journal.follow(0);
        journal.write(1, notice("a"));
        assert_eq!(follower.next().await.events.len(), 1);
        let writer = Arc::clone(&journal);
        tokio::spawn(async move { writer.write(2, notice("b")) });
        assert_eq!(follower.next().await.events[0].seq, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_had_nothing_to_read_for_long_did_not_stand_still() {
        let journal = Journal::new();
        let idle = journal.follow(0);
        tokio::time::advance(Duration::from_secs(60)).await;
        for number in 0..200 {
            journal.write(number, notice(&"x".repeat(1 << 16)));
        }
        let batch = idle.next().await;
        assert_eq!((batch.missed, batch.events.len()), (0, 200));
    }

    #[tokio::test(start_paused = true)]
    async fn writing_never_waits_for_a_follower_that_has_stopped() {
        let journal = Journal::new();
        let stopped = journal.follow(0);
        let line = "x".repeat(1 << 16);
        for number in 0..5000 {
            journal.write(
                number,
                Event::ImageLog {
                    image: "i".to_owned(),
                    step: None,
                    line: line.clone(),
                },
            );
        }
        assert!(stopped.wait(Duration::ZERO).missed > 0);
    }
}
