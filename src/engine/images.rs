use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::base::{Bases, Found};
use super::caller::Caller;
use super::making::{Making, given_up};
use super::memo::{Listeners, Memo};
use super::presence::Presence;
use super::problem::Problem;
use super::retry::persist;
use super::tail::keep_tail;
use crate::event::Event;
use crate::model::redacted;
use crate::plan::{ImageRef, Label, Plan, Recipe};
use crate::runtime::{Build, BuildError, BuildLine, Runtime, RuntimeError};

/// How many images are asked about at once: each question takes a connection, and a
/// run may have thousands of trees.
const QUESTIONS: usize = 16;

/// Makes images, each once, different ones at the same time.
pub struct Images {
    runtime: Arc<dyn Runtime>,
    presence: Arc<Presence>,
    bases: Bases,
    found: Memo<Found>,
    made: Memo<Ready>,
    /// How many are made at once.
    slots: Semaphore,
    /// How many are asked about at once.
    questions: Semaphore,
    building: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// An image that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its name.
    pub name: String,
    /// What a container is started from.
    pub image: ImageRef,
}

impl Images {
    pub fn new(runtime: Arc<dyn Runtime>, presence: Arc<Presence>, bases: Bases) -> Self {
        let cores = usize::try_from(runtime.capabilities().cores).unwrap_or(1);
        Self {
            runtime,
            presence,
            bases,
            found: Memo::default(),
            made: Memo::default(),
            slots: Semaphore::new(cores.max(2)),
            questions: Semaphore::new(QUESTIONS),
            building: Mutex::default(),
        }
    }

    /// The image this recipe makes, after making sure it is there.
    pub async fn ensure(
        &self,
        recipe: &Recipe,
        plan: &Plan,
        caller: &Caller,
    ) -> Result<Ready, Problem> {
        let making = |listeners: Listeners| async move {
            let make = || self.make(recipe, plan, caller, &listeners);
            let made = persist(&recipe.name, &self.presence, caller, make).await;
            if let Err(problem) = &made
                && !problem.is_gone()
            {
                given_up(&recipe.name, problem, &listeners);
            }
            made
        };
        let ready = self.made.get(&key(recipe, plan), caller, making).await?;
        caller.stand_on(&ready.name);
        Ok(ready)
    }

    /// Makes sure that it is looked for once more: it is gone, and so may its base be.
    pub fn forget(&self, recipe: &Recipe, plan: &Plan) {
        self.made.forget(&key(recipe, plan));
        self.found.forget(&base_key(recipe, plan));
    }

    async fn make(
        &self,
        recipe: &Recipe,
        plan: &Plan,
        caller: &Caller,
        listeners: &Listeners,
    ) -> Result<Ready, Problem> {
        let base = self.base(recipe, plan, caller).await?;
        let name = recipe.tag(&base.id);
        {
            let _question = self.questions.acquire().await;
            if let Some(there) = self.runtime.image(&name).await? {
                let image = there.reference;
                return Ok(Ready { name, image });
            }
            if self.runtime.image(&base.reference).await?.is_none() {
                // It was there, and is not any more.
                self.found.forget(&base_key(recipe, plan));
                return Err(RuntimeError::Missing(base.reference).into());
            }
        }
        let mut arguments: Vec<Label> = vec![("BASE".to_owned(), base.reference)];
        arguments.extend(recipe.arguments.clone());
        let given = plan.environment.arguments_for(recipe.author);
        arguments.extend(given.map(|(key, value)| (key.clone(), value.clone())));
        let build = Build {
            tag: name.clone(),
            context: recipe.context.clone(),
            arguments,
        };
        // One at a time on each base: the next finds the steps they have in
        // common, compilers before all, in the engine's build cache.
        let turn = self.turn(&recipe.base.name);
        let _turn = turn.lock().await;
        let image = self.build(&recipe.name, build, listeners).await?;
        Ok(Ready { name, image })
    }

    /// Two images on the same base make the base once.
    async fn base(&self, recipe: &Recipe, plan: &Plan, caller: &Caller) -> Result<Found, Problem> {
        let base = &recipe.base;
        let finding = |listeners: Listeners| async move {
            let _slot = self.slots.acquire().await;
            self.bases
                .ensure(base, plan.base_source, caller, &listeners)
                .await
        };
        let found = self
            .found
            .get(&base_key(recipe, plan), caller, finding)
            .await;
        if let Err(problem) = &found
            && problem.may_pass()
        {
            // Whoever tries again asks again.
            self.found.forget(&base_key(recipe, plan));
        }
        let found = found?;
        caller.stand_on(&found.reference);
        Ok(found)
    }

    async fn build(
        &self,
        name: &str,
        build: Build,
        listeners: &Listeners,
    ) -> Result<ImageRef, Problem> {
        let _slot = self.slots.acquire().await;
        let making = Making::begin(name, listeners);
        let seen = Mutex::new((String::new(), Vec::new()));
        let log = |line: BuildLine| {
            let text = redacted(&line.text);
            if let Ok(mut seen) = seen.lock() {
                if line.step.is_some() {
                    seen.0.clone_from(&text);
                }
                keep_tail(&mut seen.1, &text);
            }
            listeners.emit(&Event::ImageLog {
                image: name.to_owned(),
                step: line.step,
                line: text,
            });
        };
        let built = self.runtime.build(build, &log).await;
        let (step, tail) = seen.into_inner().unwrap_or_default();
        match built {
            Ok(image) => {
                making.end();
                Ok(image)
            }
            Err(BuildError::Step(message)) => Err(Problem::Build {
                image: name.to_owned(),
                step,
                message: redacted(&telling(&message, &tail)),
                tail,
            }),
            Err(BuildError::Runtime(error)) => Err(Problem::Engine(error)),
        }
    }

    fn turn(&self, base: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut building = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        building.entry(base.to_owned()).or_default().clone()
    }

    /// Room for a question about images.
    pub async fn question(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        // Nobody closes it.
        self.questions.acquire().await.ok()
    }

    /// A slot to make something in, in a way of one's own.
    pub async fn slot(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        // Nobody closes it.
        self.slots.acquire().await.ok()
    }
}

/// What tells the cause: the builder's own word is the whole command of a step that
/// failed; the last line before it says why.
fn telling(message: &str, tail: &[String]) -> String {
    let last = tail.iter().rev().find(|line| !line.trim().is_empty());
    let returned = message.rsplit(" returned a non-zero code: ").next();
    match (last, returned) {
        (Some(line), Some(code)) if code.len() < message.len() => {
            format!("{} (exit status {code})", line.trim())
        }
        _ => message.to_owned(),
    }
}

fn key(recipe: &Recipe, plan: &Plan) -> String {
    format!("{:?} {}", plan.base_source, recipe.key())
}

fn base_key(recipe: &Recipe, plan: &Plan) -> String {
    let base = &recipe.base;
    let registry = base.registry.as_deref().unwrap_or_default();
    format!("{:?} {} {registry}", plan.base_source, base.name)
}

#[cfg(test)]
mod tests {
    use super::telling;

    #[test]
    fn a_failed_step_is_told_by_its_last_line_and_not_by_its_command() {
        let message = "The command '/bin/sh -c set -eu; a; b' returned a non-zero code: 1";
        let tail = [
            "Step 3/4 : RUN a".to_owned(),
            "no mysqlclient >= 2.2.1".to_owned(),
        ];
        assert_eq!(
            telling(message, &tail),
            "no mysqlclient >= 2.2.1 (exit status 1)"
        );
        assert_eq!(telling("pull access denied", &tail), "pull access denied");
    }
}
