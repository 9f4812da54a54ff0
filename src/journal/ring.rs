use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Envelope, Event};

/// Bytes, roughly, that are kept for whoever comes late.
const KEPT: usize = 2 << 20;
/// Bytes, roughly, that are kept for those who follow and are behind: beyond it,
/// writers that can wait are asked to.
const ROOM: usize = 16 << 20;
/// Bytes, roughly, beyond which one who is behind is left behind.
const LIMIT: usize = 64 << 20;
/// One who has taken nothing for so long while there is something stands still.
const STILL: Duration = Duration::from_secs(10);

/// The newest events of a run, and where those who follow are.
#[derive(Debug, Default)]
pub struct Ring {
    events: VecDeque<(Arc<Envelope>, usize)>,
    /// The number of the newest event there ever was.
    newest: u64,
    bytes: usize,
    followers: BTreeMap<u64, Place>,
    next_follower: u64,
}

/// Where one follower is.
#[derive(Debug)]
struct Place {
    /// The number of the last event taken.
    at: u64,
    /// When it took something last, or found that there is something again.
    moved: Instant,
}

impl Ring {
    pub const fn newest(&self) -> u64 {
        self.newest
    }

    pub fn push(&mut self, envelope: Arc<Envelope>) {
        let weight = weight(&envelope.event);
        for place in self.followers.values_mut() {
            if place.at == self.newest {
                place.moved = Instant::now();
            }
        }
        self.newest = envelope.seq;
        self.bytes += weight;
        self.events.push_back((envelope, weight));
        self.trim();
    }

    /// A follower that has seen everything up to `at`.
    pub fn join(&mut self, at: u64) -> u64 {
        self.next_follower += 1;
        let place = Place {
            at,
            moved: Instant::now(),
        };
        self.followers.insert(self.next_follower, place);
        self.next_follower
    }

    pub fn leave(&mut self, follower: u64) {
        self.followers.remove(&follower);
        self.trim();
    }

    /// Whether there is something that this follower has not taken.
    pub fn has_more(&self, follower: u64) -> bool {
        let place = self.followers.get(&follower);
        place.is_some_and(|place| place.at < self.newest)
    }

    /// The events after the last that this follower took, some of them, and how
    /// many it has missed before them.
    pub fn take(&mut self, follower: u64, most: usize) -> (Vec<Arc<Envelope>>, u64) {
        let Some(place) = self.followers.get_mut(&follower) else {
            return (Vec::new(), 0);
        };
        let oldest = self
            .events
            .front()
            .map_or(self.newest + 1, |(first, _)| first.seq);
        let missed = oldest.saturating_sub(place.at + 1);
        let first = usize::try_from((place.at + 1).saturating_sub(oldest)).unwrap_or(usize::MAX);
        let taken: Vec<_> = self
            .events
            .iter()
            .skip(first)
            .take(most)
            .map(|(envelope, _)| Arc::clone(envelope))
            .collect();
        place.at = taken.last().map_or(self.newest, |last| last.seq);
        place.moved = Instant::now();
        self.trim();
        (taken, missed)
    }

    /// Whether somebody who moves has fallen far behind.
    pub fn is_behind(&self) -> bool {
        self.bytes > ROOM && self.slowest().is_some()
    }

    /// The number that the slowest of those who move took last.
    fn slowest(&self) -> Option<u64> {
        let moving = self
            .followers
            .values()
            .filter(|place| !place.stands_still());
        moving
            .map(|place| place.at)
            .min()
            .filter(|at| *at < self.newest)
    }

    fn trim(&mut self) {
        while self.bytes > KEPT {
            let Some((first, weight)) = self.events.front() else {
                return;
            };
            let is_wanted = || self.slowest().is_some_and(|at| at < first.seq);
            if self.bytes <= LIMIT && is_wanted() {
                return;
            }
            self.bytes -= weight;
            self.events.pop_front();
        }
    }
}

impl Place {
    fn stands_still(&self) -> bool {
        self.moved.elapsed() > STILL
    }
}

/// Roughly the bytes an event takes in memory.
fn weight(event: &Event) -> usize {
    let texts = match event {
        Event::TestFinished { result, .. } => {
            result.test.len()
                + [&result.subtest, &result.reason, &result.traceback]
                    .into_iter()
                    .flatten()
                    .map(String::len)
                    .sum::<usize>()
        }
        Event::CellLog { line, .. } | Event::ImageLog { line, .. } => line.len(),
        Event::TestStarted { test, .. } => test.len(),
        Event::RunStarted(started) => 128 * started.cells.len(),
        _ => 64,
    };
    texts + std::mem::size_of::<Envelope>() + 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Notice, NoticeKind};

    fn envelope(seq: u64, length: usize) -> Arc<Envelope> {
        let line = "x".repeat(length);
        Arc::new(Envelope {
            seq,
            at: 0,
            event: Event::ImageLog {
                image: "i".to_owned(),
                step: None,
                line,
            },
        })
    }

    #[test]
    fn nobody_follows_and_memory_stays_bounded() {
        let mut ring = Ring::default();
        for seq in 1..=1000 {
            ring.push(envelope(seq, 1 << 16));
        }
        assert!(ring.bytes <= KEPT, "{}", ring.bytes);
        assert_eq!(ring.newest(), 1000);
        assert!(!ring.is_behind());
    }

    #[test]
    fn a_slow_follower_misses_nothing_and_writers_hear_of_it() {
        let mut ring = Ring::default();
        let slow = ring.join(0);
        for seq in 1..=300 {
            ring.push(envelope(seq, 1 << 16));
        }
        assert!(ring.is_behind());
        let (taken, missed) = ring.take(slow, usize::MAX);
        assert_eq!((taken.len(), missed), (300, 0));
        assert!(!ring.is_behind());
    }

    #[test]
    fn one_far_too_slow_is_left_behind_and_told_how_much_it_missed() {
        let mut ring = Ring::default();
        let slow = ring.join(0);
        for seq in 1..=2000 {
            ring.push(envelope(seq, 1 << 16));
        }
        assert!(ring.bytes <= LIMIT, "{}", ring.bytes);
        let (taken, missed) = ring.take(slow, usize::MAX);
        assert_eq!(taken.len() as u64 + missed, 2000);
        assert!(missed > 0);
        assert_eq!(taken[0].seq, missed + 1);
    }

    #[test]
    fn whoever_comes_late_gets_what_is_kept_from_where_they_want() {
        let mut ring = Ring::default();
        for seq in 1..=5 {
            let notice = Notice::new(NoticeKind::Other, "n");
            ring.push(Arc::new(Envelope {
                seq,
                at: 0,
                event: Event::Notice(notice),
            }));
        }
        let late = ring.join(3);
        let (taken, missed) = ring.take(late, 10);
        assert_eq!(taken.iter().map(|e| e.seq).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(missed, 0);
    }
}
