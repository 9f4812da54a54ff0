use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream;
use tokio::sync::watch;

use super::container::{Life, end, play};
use super::handle::Fake;
use djbuild::plan::{Container, Context};
use djbuild::runtime::{
    ContainerPhase, Containers, Exit, Output, OutputStream, Resource, RuntimeError, State,
};

#[async_trait]
impl Containers for Fake {
    /// Goes on when whoever asked is gone.
    async fn create(&self, container: &Container) -> Result<String, RuntimeError> {
        let _call = self.call("create").await;
        drop(self.up()?);
        let (world, container, slow) = (self.shared(), container.clone(), self.creation());
        let creating = tokio::spawn(async move {
            if !slow.is_zero() {
                tokio::time::sleep(slow).await;
            }
            world
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .create(container)
        });
        creating.await.expect("it does not panic")
    }

    async fn deliver(&self, container: &str, files: Context) -> Result<(), RuntimeError> {
        let _call = self.call("deliver").await;
        self.life(container)?;
        self.up()?.uploads += 1;
        files
            .write(std::io::sink())
            .map_err(|error| RuntimeError::Refused {
                action: "upload".to_owned(),
                message: error.to_string(),
            })
    }

    async fn start(&self, container: &str) -> Result<(), RuntimeError> {
        let _call = self.call("start").await;
        let mut world = self.up()?;
        let world = &mut *world;
        let running = world
            .containers
            .get(container)
            .ok_or_else(|| RuntimeError::Missing(container.to_owned()))?;
        let is_cell = running.container.environment.contains_key("DJBUILD_CELL");
        if running.life.send_if_modified(Life::begin) {
            let steps = self.script_of(&running.container);
            tokio::spawn(play(steps, running.life.clone()));
        }
        if is_cell && std::mem::take(&mut world.loses_start) {
            self.set_away(true);
            return Err(RuntimeError::Unreachable("connection reset".to_owned()));
        }
        Ok(())
    }

    /// Breaks off when the engine goes away, and begins anew for who asks again.
    async fn output(&self, container: &str) -> Result<OutputStream, RuntimeError> {
        let _call = self.call("output").await;
        let life = self.life(container)?;
        let cuts = life.borrow().cuts;
        let start = (life, self.away(), 0, cuts);
        let follow = stream::unfold(Some(start), |following| async move {
            let (mut life, mut away, index, cuts) = following?;
            let output = {
                if life.borrow().cuts > cuts {
                    return None;
                }
                let ready = life.wait_for(|life| {
                    let ends = life.exit.is_some() || life.removed || life.cuts > cuts;
                    life.written.len() > index || ends
                });
                tokio::select! {
                    biased;
                    error = broken(&mut away) => return Some((Err(error), None)),
                    ready = ready => ready.ok()?.written.get(index).cloned()?,
                }
            };
            Some((Ok(output), Some((life, away, index + 1, cuts))))
        });
        Ok(Box::pin(follow))
    }

    async fn wait(&self, container: &str) -> Result<Exit, RuntimeError> {
        drop(self.call("wait").await);
        let (mut life, mut away) = (self.life(container)?, self.away());
        let gone = || RuntimeError::Missing(container.to_owned());
        let ended = tokio::select! {
            biased;
            error = broken(&mut away) => return Err(error),
            ended = life.wait_for(|life| life.exit.is_some() || life.removed) => {
                ended.map_err(|_| gone())?
            }
        };
        if ended.removed {
            return Err(gone());
        }
        ended.exit.clone().ok_or_else(gone)
    }

    async fn state(&self, container: &str) -> Result<Option<State>, RuntimeError> {
        let _call = self.call("state").await;
        let world = self.up()?;
        let Some(running) = world.containers.get(container) else {
            return Ok(None);
        };
        let life = running.life.borrow();
        Ok(Some(State {
            phase: match (life.started, &life.exit) {
                (_, Some(_)) => ContainerPhase::Exited,
                (true, None) => ContainerPhase::Running,
                (false, None) => ContainerPhase::Created,
            },
            exit: life.exit.clone(),
            out_of_memory: life.out_of_memory,
        }))
    }

    async fn signal(&self, container: &str, signal: &str) -> Result<(), RuntimeError> {
        let _call = self.call("signal").await;
        let mut world = self.up()?;
        let world = &mut *world;
        let running = world
            .containers
            .get(container)
            .ok_or_else(|| RuntimeError::Missing(container.to_owned()))?;
        let name = running.container.name.clone();
        world.signals.push((name, signal.to_owned()));
        let code = match signal {
            "KILL" => 137,
            "TERM" => 143,
            "ABRT" | "QUIT" => {
                let words = world.last_words.clone().into_bytes();
                running.life.send_modify(|life| {
                    life.written.push(Output::Stderr(words));
                });
                if signal == "ABRT" { 134 } else { 131 }
            }
            _ => return Ok(()),
        };
        end(&running.life, code, false);
        Ok(())
    }

    async fn stop(&self, container: &str, _grace: Duration) -> Result<(), RuntimeError> {
        let _call = self.call("stop").await;
        if let Some(running) = self.up()?.containers.get(container) {
            end(&running.life, 143, false);
        }
        Ok(())
    }

    /// By its id or its name.
    async fn remove(&self, container: &str) -> Result<(), RuntimeError> {
        let _call = self.call("remove").await;
        self.up()?.containers.retain(|id, running| {
            let is_it = id == container || running.container.name == container;
            if is_it {
                running.life.send_modify(|life| life.removed = true);
            }
            !is_it
        });
        Ok(())
    }

    async fn containers(&self, label: &str) -> Result<Vec<Resource>, RuntimeError> {
        let _call = self.call("containers").await;
        let world = self.up()?;
        let containers = world.containers.iter().map(|(id, running)| Resource {
            id: id.clone(),
            name: running.container.name.clone(),
            labels: running.container.labels.clone(),
        });
        Ok(containers
            .filter(|resource| resource.label(label).is_some())
            .collect())
    }
}

/// When the engine goes away, if it does.
async fn broken(away: &mut watch::Receiver<bool>) -> RuntimeError {
    if away.wait_for(|away| *away).await.is_err() {
        std::future::pending::<()>().await;
    }
    RuntimeError::Unreachable("connection reset".to_owned())
}
