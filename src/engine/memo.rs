use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::caller::Caller;
use super::problem::Problem;
use crate::event::Event;
use crate::journal::Emitter;
use crate::model::RunId;

/// What was made or is being made, by key: once, however many runs want it. What
/// succeeded is remembered as long as the process lives, or until it is found to
/// be gone; what failed, for the run that saw it fail.
#[derive(Debug)]
pub struct Memo<T>(Mutex<HashMap<String, Arc<Slot<T>>>>);

#[derive(Debug)]
struct Slot<T> {
    made: tokio::sync::Mutex<Made<T>>,
    listeners: Listeners,
}

#[derive(Debug)]
enum Made<T> {
    NotYet,
    There(T),
    Failed { run: RunId, problem: Problem },
}

/// The runs that wait for something, and hear how its making goes; each with how
/// many of its cells do.
#[derive(Debug, Clone, Default)]
pub struct Listeners(Arc<Mutex<Vec<(Emitter, usize)>>>);

/// One that waits, until it is dropped.
struct Listening<'a> {
    listeners: &'a Listeners,
    emitter: &'a Emitter,
}

impl Listeners {
    /// Tells all of them.
    pub fn emit(&self, event: &Event) {
        for (emitter, _) in self.list().iter() {
            emitter.emit(event.clone());
        }
    }

    fn join<'a>(&'a self, emitter: &'a Emitter) -> Listening<'a> {
        let mut list = self.list();
        match list.iter_mut().find(|(other, _)| other.is_same(emitter)) {
            Some((_, cells)) => *cells += 1,
            None => list.push((emitter.clone(), 1)),
        }
        Listening {
            listeners: self,
            emitter,
        }
    }

    fn list(&self) -> MutexGuard<'_, Vec<(Emitter, usize)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let mut list = self.listeners.list();
        if let Some((_, cells)) = list
            .iter_mut()
            .find(|(other, _)| other.is_same(self.emitter))
        {
            *cells -= 1;
        }
        list.retain(|(_, cells)| *cells > 0);
    }
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Memo<T> {
    /// What is remembered under this key, else what `make` makes. Where the one who
    /// makes it is cancelled, the next who waits makes it.
    pub async fn get<F>(
        &self,
        key: &str,
        caller: &Caller,
        make: impl FnOnce(Listeners) -> F,
    ) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>>,
    {
        let slot = self.slot(key);
        let _listening = slot.listeners.join(&caller.emit);
        let mut made = slot.made.lock().await;
        match &*made {
            Made::There(there) => return Ok(there.clone()),
            Made::Failed { run, problem } if *run == caller.run => return Err(problem.clone()),
            _ => {}
        }
        let result = make(slot.listeners.clone()).await;
        *made = match &result {
            Ok(there) => Made::There(there.clone()),
            Err(problem) => Made::Failed {
                run: caller.run.clone(),
                problem: problem.clone(),
            },
        };
        result
    }

    /// Forgets what is under this key, so that it is looked for or made once more;
    /// unless somebody does that already.
    pub fn forget(&self, key: &str) {
        if let Ok(mut made) = self.slot(key).made.try_lock() {
            *made = Made::NotYet;
        }
    }

    /// Forgets what nobody waits for right now.
    pub fn tidy(&self) {
        self.slots().retain(|_, slot| Arc::strong_count(slot) > 1);
    }

    fn slot(&self, key: &str) -> Arc<Slot<T>> {
        let mut slots = self.slots();
        if let Some(slot) = slots.get(key) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot {
            made: tokio::sync::Mutex::new(Made::NotYet),
            listeners: Listeners::default(),
        });
        slots.insert(key.to_owned(), Arc::clone(&slot));
        slot
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Arc<Slot<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
