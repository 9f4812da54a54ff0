use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Where the cells of all runs of a process wait for a place to run in: the
/// engine's cores and memory are there once, however many runs want them.
#[derive(Debug)]
pub struct Queue {
    line: Mutex<Line>,
}

#[derive(Debug)]
struct Line {
    /// Places that the engine's cores and memory make.
    places: u32,
    taken: u32,
    /// By run: how many places it has, and how many it may have.
    runs: BTreeMap<u64, Share>,
    waiting: BTreeMap<Turn, BTreeMap<usize, oneshot::Sender<Place>>>,
    next_run: u64,
}

#[derive(Debug, Clone, Copy)]
struct Share {
    priority: i32,
    jobs: u32,
    taken: u32,
}

/// Who goes first: more priority, then the earlier run; of a run, the earlier cell.
type Turn = (Reverse<i32>, u64);

/// A run's membership in a queue.
#[derive(Debug)]
pub struct Member {
    queue: Arc<Queue>,
    run: u64,
}

/// A place to run in, until it is dropped.
#[derive(Debug)]
pub struct Place {
    queue: Arc<Queue>,
    run: u64,
    /// How many cells ran already when this one got its place, of all runs.
    pub beside: u32,
}

impl Queue {
    /// A queue for this many places.
    pub fn new(places: u32) -> Arc<Self> {
        Arc::new(Self {
            line: Mutex::new(Line {
                places: places.max(1),
                taken: 0,
                runs: BTreeMap::new(),
                waiting: BTreeMap::new(),
                next_run: 0,
            }),
        })
    }

    /// Lets a run take part with at most `jobs` cells at once. One that asks for more
    /// than there are places gets them: its user knows the machine.
    pub fn join(self: &Arc<Self>, priority: i32, jobs: u32) -> Member {
        let mut line = self.line();
        line.next_run += 1;
        let run = line.next_run;
        let share = Share {
            priority,
            jobs: jobs.max(1),
            taken: 0,
        };
        line.runs.insert(run, share);
        Member {
            queue: Arc::clone(self),
            run,
        }
    }

    /// Hands out what places there are.
    fn pump(self: &Arc<Self>) {
        loop {
            let mut line = self.line();
            let Some((run, sender)) = line.next() else {
                return;
            };
            // Of a run that was cancelled there may be thousands: none is handed a
            // place, whose way back would lead through here.
            if sender.is_closed() {
                continue;
            }
            let beside = line.taken;
            line.taken += 1;
            if let Some(share) = line.runs.get_mut(&run) {
                share.taken += 1;
            }
            drop(line);
            let place = Place {
                queue: Arc::clone(self),
                run,
                beside,
            };
            // Whoever waited may go just now: then the place comes back by its drop.
            drop(sender.send(place));
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// The run whose turn it is and who waits in it, if there is a place for them.
    fn next(&mut self) -> Option<(u64, oneshot::Sender<Place>)> {
        let wanted = self.runs.values().map(|share| share.jobs).max();
        if self.taken >= self.places.max(wanted.unwrap_or(0)) {
            return None;
        }
        let may = |turn: &&Turn| {
            self.runs.get(&turn.1).is_some_and(|share| {
                share.taken < share.jobs && (self.taken < self.places || share.taken == self.taken)
            })
        };
        let turn = *self.waiting.keys().find(may)?;
        let of_run = self.waiting.get_mut(&turn)?;
        let (_, sender) = of_run.pop_first()?;
        if of_run.is_empty() {
            self.waiting.remove(&turn);
        }
        Some((turn.1, sender))
    }
}

impl Member {
    /// Waits for a place; `cell` is its place in the run's own order.
    pub async fn place(&self, cell: usize) -> Option<Place> {
        let receiver = {
            let mut line = self.queue.line();
            let share = *line.runs.get(&self.run)?;
            let (sender, receiver) = oneshot::channel();
            let turn = (Reverse(share.priority), self.run);
            line.waiting.entry(turn).or_default().insert(cell, sender);
            receiver
        };
        self.queue.pump();
        receiver.await.ok()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut line = self.queue.line();
        line.runs.remove(&self.run);
        line.waiting.retain(|turn, _| turn.1 != self.run);
        drop(line);
        self.queue.pump();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut line = self.queue.line();
        line.taken = line.taken.saturating_sub(1);
        if let Some(share) = line.runs.get_mut(&self.run) {
            share.taken = share.taken.saturating_sub(1);
        }
        drop(line);
        self.queue.pump();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// The place, if there is one already.
    fn at_once(waiting: impl Future<Output = Option<Place>>) -> Option<Place> {
        let mut context = Context::from_waker(Waker::noop());
        match pin!(waiting).poll(&mut context) {
            Poll::Ready(place) => place,
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn two_runs_share_the_places_and_the_more_urgent_goes_first() {
        let queue = Queue::new(1);
        let (slow, urgent) = (queue.join(0, 1), queue.join(5, 1));
        let first = slow.place(0).await.expect("there is one");
        let (next, hurry) = (slow.place(1), urgent.place(0));
        let (mut next, mut hurry) = (Box::pin(next), Box::pin(hurry));
        assert!(at_once(&mut next).is_none());
        assert!(at_once(&mut hurry).is_none());
        drop(first);
        assert!(at_once(&mut next).is_none());
        let place = at_once(&mut hurry).expect("it is its turn");
        drop(place);
        assert!(at_once(&mut next).is_some());
    }

    #[tokio::test]
    async fn a_run_has_no_more_places_than_its_jobs() {
        let queue = Queue::new(4);
        let run = queue.join(0, 2);
        let places = (run.place(0).await, run.place(1).await);
        assert!(places.0.is_some() && places.1.is_some());
        assert!(at_once(run.place(2)).is_none());
        let other = queue.join(0, 4);
        assert!(at_once(other.place(0)).is_some());
    }

    #[tokio::test]
    async fn a_run_that_asks_for_more_than_there_is_gets_it_while_it_is_alone() {
        let queue = Queue::new(1);
        let run = queue.join(0, 3);
        let mut held = Vec::new();
        for cell in 0..3 {
            held.push(run.place(cell).await.expect("as asked for"));
        }
        let other = queue.join(0, 1);
        assert!(at_once(other.place(0)).is_none());
    }

    #[tokio::test]
    async fn whoever_stops_waiting_loses_no_place() {
        let queue = Queue::new(1);
        let run = queue.join(0, 1);
        let held = run.place(0).await.expect("there is one");
        let mut gone = Box::pin(run.place(1));
        assert!(at_once(&mut gone).is_none());
        drop(gone);
        drop(held);
        assert!(at_once(run.place(2)).is_some());
    }

    #[tokio::test]
    async fn thousands_may_stop_waiting_at_once() {
        let queue = Queue::new(1);
        let run = queue.join(0, 1);
        let held = run.place(0).await.expect("there is one");
        for cell in 1..100_000 {
            assert!(at_once(run.place(cell)).is_none());
        }
        drop(held);
        assert!(at_once(run.place(100_000)).is_some());
    }
}
