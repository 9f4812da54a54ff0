use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

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
    /// Whether it has waited for that long enough.
    given_up: AtomicBool,
    /// The names of the images it stands on.
    stands_on: Mutex<BTreeSet<String>>,
    /// The families of tree layers that got a new one for it.
    grown: Mutex<BTreeSet<Vec<Label>>>,
    /// What is being created, whoever wanted it.
    creations: TaskTracker,
    /// Cancelled when they are not waited for any longer.
    abandoned: CancellationToken,
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
            given_up: AtomicBool::new(false),
            stands_on: Mutex::default(),
            grown: Mutex::default(),
            creations: TaskTracker::new(),
            abandoned: CancellationToken::new(),
        }
    }

    /// Creates something to its end, though whoever wants it goes meanwhile: an
    /// engine that was asked does it, and clean-up has to see it.
    pub async fn create<T: Send + 'static>(
        &self,
        creation: impl Future<Output = Result<T, RuntimeError>> + Send + 'static,
    ) -> Result<T, RuntimeError> {
        let abandoned = self.abandoned.clone();
        let creating = self.creations.spawn(async move {
            tokio::select! {
                created = creation => Some(created),
                () = abandoned.cancelled() => None,
            }
        });
        creating.await.ok().flatten().unwrap_or_else(|| {
            Err(RuntimeError::Refused {
                action: "create something".to_owned(),
                message: "the run is at its end".to_owned(),
            })
        })
    }

    /// Waits until all that was being created is there, or is not.
    pub async fn created(&self) {
        self.creations.close();
        self.creations.wait().await;
    }

    /// Lets go of what is being created still.
    pub fn abandon(&self) {
        self.abandoned.cancel();
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

    /// Has waited for the engine long enough.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Whether it has waited for the engine long enough, and has not seen it since.
    pub fn has_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Tells that it is back, if it was told to be away.
    pub fn has_again(&self) {
        self.given_up.store(false, Ordering::Relaxed);
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
