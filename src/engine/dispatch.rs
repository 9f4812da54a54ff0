use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::lifecycle::{RECOVERY, finish, prepare, run_cell, tell};
use super::tree::PreparedTree;
use super::verdict::Verdict;
use super::world::World;
use super::{Cancel, Emitter, janitor};
use crate::event::{Event, Notice, NoticeKind, RunStarted};
use crate::model::Outcome;
use crate::plan::Plan;
use crate::runtime::Runtime;

/// How long the last clean-up may take once the user wants the end at once.
const HURRY: Duration = Duration::from_secs(20);

/// Carries the plan out and sends what happens to `emit`. Returns when every
/// cell has ended and nothing of the run is left on the engine.
pub async fn run(
    plan: Plan,
    started: RunStarted,
    runtime: Arc<dyn Runtime>,
    emit: Emitter,
    cancel: Cancel,
) {
    let began = Instant::now();
    emit.emit(Event::RunStarted(Box::new(started))).await;
    let world = Arc::new(World::new(plan, runtime, emit.clone(), cancel.clone()));
    tokio::select! {
        () = Dispatcher::new(&world).run() => {}
        () = cancel.cancelled_now() => {}
    }
    let interrupted = cancel.is_cancelled();
    // Cells that never began, or were dropped in haste, are cancelled and not
    // forgotten.
    for cell in &world.plan.cells {
        tell(&world, cell, Verdict::cancelled(), 0.0).await;
    }
    clean_up(&world).await;
    tokio::select! {
        () = world.layers.forget_oldest(world.runtime.as_ref()) => {}
        () = cancel.cancelled() => {}
    }
    emit.emit(Event::RunFinished {
        seconds: began.elapsed().as_secs_f64(),
        interrupted,
    })
    .await;
}

/// Removes whatever of this run is left, by label. An engine that is just
/// restarting gets a minute to come back.
pub async fn clean_up(world: &World) {
    let cleaning = async {
        let deadline = Instant::now() + RECOVERY;
        loop {
            match janitor::sweep(world.runtime.as_ref(), |left| left.run == world.plan.run).await {
                Ok(_) => return None,
                Err(error) if Instant::now() > deadline => return Some(error),
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    };
    let left = tokio::select! {
        left = cleaning => left.map(|error| error.to_string()),
        () = async { world.cancel.cancelled_now().await; tokio::time::sleep(HURRY).await } => {
            Some("it took too long".to_owned())
        }
    };
    if let Some(why) = left {
        let message =
            format!("not everything could be removed ({why}); `djbuild clean` removes the rest");
        world
            .emit
            .emit(Event::Notice(Notice::new(NoticeKind::Leftover, message)))
            .await;
    }
}

/// Decides which cell runs next.
struct Dispatcher<'a> {
    world: &'a Arc<World>,
    /// Cells that can start, by their place in the plan: the first goes first.
    ready: BTreeMap<usize, PreparedTree>,
    /// Cells whose images are being made.
    preparing: usize,
    running: JoinSet<Outcome>,
    stopping: bool,
}

impl<'a> Dispatcher<'a> {
    fn new(world: &'a Arc<World>) -> Self {
        Self {
            world,
            ready: BTreeMap::new(),
            preparing: world.plan.cells.len(),
            running: JoinSet::new(),
            stopping: false,
        }
    }

    async fn run(mut self) {
        let (sender, mut prepared) = mpsc::unbounded_channel();
        let mut preparations = JoinSet::new();
        for index in 0..self.world.plan.cells.len() {
            let world = Arc::clone(self.world);
            let sender = sender.clone();
            preparations.spawn(async move {
                let result = prepare(&world, index).await;
                // The dispatcher listens until every cell is accounted for.
                let _ = sender.send((index, result));
            });
        }
        let cancel = self.world.cancel.clone();
        loop {
            self.stopping |= cancel.is_cancelled();
            if self.stopping {
                preparations.abort_all();
                self.preparing = 0;
                self.ready.clear();
            }
            self.start_what_fits();
            if self.running.is_empty() && self.preparing == 0 && self.ready.is_empty() {
                break;
            }
            tokio::select! {
                Some((index, result)) = prepared.recv(), if self.preparing > 0 => {
                    self.preparing -= 1;
                    match result {
                        Ok(tree) => { self.ready.insert(index, tree); }
                        Err(verdict) => {
                            let cell = &self.world.plan.cells[index];
                            self.note(verdict.outcome);
                            finish(self.world, cell, verdict, 0.0).await;
                        }
                    }
                }
                Some(ended) = self.running.join_next() => {
                    // A cell's task panics only when this code is wrong.
                    self.note(ended.unwrap_or(Outcome::Infrastructure));
                }
                () = cancel.cancelled(), if !self.stopping => {}
            }
        }
    }

    fn note(&mut self, outcome: Outcome) {
        let bad = !matches!(outcome, Outcome::Passed | Outcome::Skipped);
        if bad && self.world.plan.pace.fail_fast {
            self.stopping = true;
        }
    }

    fn start_what_fits(&mut self) {
        let pace = self.world.plan.pace;
        while self.running.len() < pace.jobs as usize {
            let Some((index, tree)) = self.ready.pop_first() else {
                return;
            };
            let running = count(self.running.len());
            let waiting = count(self.preparing + self.ready.len());
            let parallel = pace.parallel_for(running, waiting);
            let world = Arc::clone(self.world);
            self.running
                .spawn(async move { run_cell(&world, index, tree, parallel).await });
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
