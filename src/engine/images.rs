use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{OnceCell, Semaphore};

use super::Emitter;
use super::base::Bases;
use super::verdict::Verdict;
use crate::event::Event;
use crate::model::{Cause, Outcome};
use crate::plan::{BuildEnvironment, Label, Plan, Recipe};
use crate::runtime::{Build, BuildError, BuildLine, Runtime, RuntimeError};

/// Lines of a build's log worth showing when it fails.
const TAIL: usize = 20;

/// Makes images, each once, different ones at the same time.
pub struct Images {
    runtime: Arc<dyn Runtime>,
    emit: Emitter,
    bases: Bases,
    environment: BuildEnvironment,
    slots: Semaphore,
    made: Memo,
    building: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// What was made or is being made, by key.
type Memo = Mutex<HashMap<String, Slot>>;
type Slot = Arc<OnceCell<Result<String, Problem>>>;

/// Why there is no image.
#[derive(Debug, Clone)]
pub enum Problem {
    /// Neither the registry nor Debian has its base.
    NoBase(String),
    /// A build failed.
    Build {
        image: String,
        step: String,
        message: String,
        tail: Vec<String>,
    },
    /// The engine did.
    Engine(RuntimeError),
}

impl From<RuntimeError> for Problem {
    fn from(error: RuntimeError) -> Self {
        Self::Engine(error)
    }
}

impl Problem {
    /// What it means for a cell that needs the image.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::NoBase(why) => Verdict {
                outcome: Outcome::Skipped,
                cause: None,
                detail: why.clone(),
                log: Vec::new(),
            },
            Self::Build { image, message, .. } => {
                Verdict::ours(Cause::ImageFailed, format!("{image}: {message}"))
            }
            Self::Engine(error) => Verdict::engine(error),
        }
    }
}

impl Images {
    pub fn new(plan: &Plan, runtime: Arc<dyn Runtime>, emit: Emitter) -> Self {
        let cores = usize::try_from(plan.pace.cores).unwrap_or(1).max(2);
        Self {
            runtime,
            emit,
            bases: Bases::new(
                plan.base_source.clone(),
                plan.environment.debian_mirror.clone(),
            ),
            environment: plan.environment.clone(),
            slots: Semaphore::new(cores),
            made: Mutex::default(),
            building: Mutex::default(),
        }
    }

    /// The tag of the image this recipe makes, after making sure it is there.
    pub async fn ensure(&self, recipe: &Recipe) -> Result<String, Problem> {
        let cell = self.slot(recipe.tag(""));
        let made = cell.get_or_init(|| async {
            let made = self.make(recipe).await;
            if let Ok(tag) = &made {
                self.used(tag).await;
            }
            made
        });
        made.await.clone()
    }

    /// Tells that the run stands on an image.
    pub async fn used(&self, tag: &str) {
        let image = tag.to_owned();
        self.emit.emit(Event::ImageUsed { image }).await;
    }

    async fn make(&self, recipe: &Recipe) -> Result<String, Problem> {
        let base = self.bases(&recipe.base).await?;
        let tag = recipe.tag(&base.1);
        if self.runtime.image(&tag).await?.is_some() {
            return Ok(tag);
        }
        let mut arguments: Vec<Label> = vec![("BASE".to_owned(), base.0)];
        arguments.extend(recipe.arguments.clone());
        arguments.extend(self.environment.arguments.clone());
        let build = Build {
            tag: tag.clone(),
            context: recipe.context.clone(),
            arguments,
        };
        // One at a time on each base: the next finds the steps they have in
        // common, compilers before all, in the engine's build cache.
        let turn = self.turn(&recipe.base.name);
        let _turn = turn.lock().await;
        self.build(&recipe.name, build).await?;
        Ok(tag)
    }

    fn turn(&self, base: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut building = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        building.entry(base.to_owned()).or_default().clone()
    }

    /// Two images on the same base make the base once.
    async fn bases(&self, base: &crate::plan::Base) -> Result<(String, String), Problem> {
        let cell = self.slot(format!("base {}", base.name));
        let joined = cell
            .get_or_init(|| async {
                let _slot = self.slots.acquire().await;
                let found = self
                    .bases
                    .ensure(base, self.runtime.as_ref(), &self.emit)
                    .await;
                match &found {
                    Ok(found) => self.used(&found.reference).await,
                    Err(problem) => self.report(&base.image_name(), problem).await,
                }
                found.map(|found| format!("{}\n{}", found.reference, found.id))
            })
            .await
            .clone()?;
        let (reference, id) = joined.split_once('\n').unwrap_or((&joined, ""));
        Ok((reference.to_owned(), id.to_owned()))
    }

    /// Makes an image in a way of its own, once, and tells of it.
    pub async fn once<F>(
        &self,
        tag: &str,
        name: &str,
        make: impl FnOnce() -> F,
    ) -> Result<(), Problem>
    where
        F: Future<Output = Result<(), RuntimeError>>,
    {
        let cell = self.slot(tag.to_owned());
        let made = cell.get_or_init(|| async {
            let _slot = self.slots.acquire().await;
            let began = self.started(name).await;
            let made = make().await.map_err(Problem::from);
            self.ended(name, began, &made).await;
            made.map(|()| tag.to_owned())
        });
        made.await.clone().map(|_| ())
    }

    async fn build(&self, name: &str, build: Build) -> Result<(), Problem> {
        let _slot = self.slots.acquire().await;
        let began = self.started(name).await;
        let seen = Mutex::new((String::new(), Vec::new()));
        let log = |line: BuildLine| {
            if let Ok(mut seen) = seen.lock() {
                if line.step.is_some() {
                    seen.0.clone_from(&line.text);
                }
                keep_tail(&mut seen.1, &line.text);
            }
            self.emit.try_emit(Event::ImageLog {
                image: name.to_owned(),
                step: line.step,
                line: line.text,
            });
        };
        let built = self.runtime.build(build, &log).await;
        let (step, tail) = seen.into_inner().unwrap_or_default();
        let built = built.map(|_| ()).map_err(|error| match error {
            BuildError::Step(message) => Problem::Build {
                image: name.to_owned(),
                step,
                message,
                tail,
            },
            BuildError::Runtime(error) => Problem::Engine(error),
        });
        self.ended(name, began, &built).await;
        built
    }

    async fn started(&self, name: &str) -> Instant {
        let image = name.to_owned();
        self.emit.emit(Event::ImageStarted { image }).await;
        Instant::now()
    }

    async fn ended(&self, name: &str, began: Instant, made: &Result<(), Problem>) {
        match made {
            Ok(()) => {
                let image = name.to_owned();
                let seconds = began.elapsed().as_secs_f64();
                self.emit
                    .emit(Event::ImageFinished { image, seconds })
                    .await;
            }
            Err(problem) => self.report(name, problem).await,
        }
    }

    async fn report(&self, image: &str, problem: &Problem) {
        let (step, message, tail) = match problem {
            Problem::NoBase(why) => (String::new(), why.clone(), Vec::new()),
            Problem::Build {
                step,
                message,
                tail,
                ..
            } => (step.clone(), message.clone(), tail.clone()),
            Problem::Engine(error) => (String::new(), error.to_string(), Vec::new()),
        };
        self.emit
            .emit(Event::ImageFailed {
                image: image.to_owned(),
                step,
                message,
                tail,
            })
            .await;
    }

    /// Whether this image was made in this run.
    pub fn has_made(&self, tag: &str) -> bool {
        self.made().get(tag).is_some_and(|made| made.initialized())
    }

    /// Makes it possible to make an image once more.
    pub fn forget(&self, tag: &str) {
        self.made().remove(tag);
    }

    fn slot(&self, key: String) -> Slot {
        self.made().entry(key).or_default().clone()
    }

    fn made(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the last lines of a log.
pub fn keep_tail(tail: &mut Vec<String>, line: &str) {
    if tail.len() == TAIL {
        tail.remove(0);
    }
    tail.push(line.to_owned());
}
