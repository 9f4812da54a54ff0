use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Cancel;
use crate::event::Event;
use crate::journal::Emitter;
use crate::model::RunId;
use crate::plan::{Label, Plan};
use crate::runtime::RuntimeError;

/// Who asks something of the engine: one run of those in this process.
#[derive(Debug)]
pub struct Caller {
    pub run: RunId,
    pub emit: Emitter,
    pub cancel: Cancel,
    /// How long it waits for an engine that is away.
    pub patience: Duration,
    /// Since when the engine is away, as far as this run was told.
    away: Mutex<Option<Instant>>,
    /// The names of the images it stands on.
    stands_on: Mutex<BTreeSet<String>>,
    /// The families of tree layers that got a new one for it.
    grown: Mutex<BTreeSet<Vec<Label>>>,
}

impl Caller {
    /// The run of this plan.
    pub fn new(plan: &Plan, emit: &Emitter, cancel: &Cancel) -> Self {
        Self {
            run: plan.run.clone(),
            emit: emit.clone(),
            cancel: cancel.clone(),
            patience: plan.pace.engine_timeout,
            away: Mutex::default(),
            stands_on: Mutex::default(),
            grown: Mutex::default(),
        }
    }

    /// Tells that the run stands on an image, once.
    pub fn stand_on(&self, image: &str) {
        if held(&self.stands_on).insert(image.to_owned()) {
            let image = image.to_owned();
            self.emit.emit(Event::ImageUsed { image });
        }
    }

    /// Whether the run stands on an image.
    pub fn stands_on(&self, image: &str) -> bool {
        // As an engine lists it, its registry may come before its name.
        let same = |name: &String| {
            let registry = image.strip_suffix(name.as_str());
            registry.is_some_and(|registry| registry.is_empty() || registry.ends_with('/'))
        };
        held(&self.stands_on).iter().any(same)
    }

    /// Notes that a family of tree layers got a new one.
    pub fn grow(&self, family: &[Label]) {
        held(&self.grown).insert(family.to_vec());
    }

    /// The families that did.
    pub fn grown(&self) -> Vec<Vec<Label>> {
        held(&self.grown).iter().cloned().collect()
    }

    /// Tells that the engine is away, once however many notice.
    pub fn misses(&self, error: &RuntimeError) {
        let mut away = held(&self.away);
        if away.is_none() {
            *away = Some(Instant::now());
            self.emit.emit(Event::EngineAway {
                why: error.to_string(),
            });
        }
    }

    /// Tells that it is back, if it was told to be away.
    pub fn has_again(&self) {
        if let Some(since) = held(&self.away).take() {
            self.emit.emit(Event::EngineBack {
                seconds: since.elapsed().as_secs_f64(),
            });
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
