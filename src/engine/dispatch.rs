use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::clean_up::clean_up;
use super::ended::Ended;
use super::handle::Engine;
use super::lifecycle::{prepare, run_cell};
use super::verdict::Verdict;
use super::world::World;
use super::{Cancel, pulse};
use crate::event::Event;
use crate::journal::Emitter;
use crate::plan::Plan;

impl Engine {
    /// Carries a plan out beside those that are under way. Returns when every cell
    /// has ended and nothing of the run is left on the engine, nor any task of it.
    pub async fn run(self: &Arc<Self>, plan: Plan, emit: &Emitter, cancel: &Cancel) -> Ended {
        let began = Instant::now();
        let world = Arc::new(World::new(plan, self, emit, cancel));
        let mut cells = JoinSet::new();
        for index in 0..world.plan.cells.len() {
            let world = Arc::clone(&world);
            cells.spawn(async move { see_through(&world, index).await });
        }
        let ended = CancellationToken::new();
        let all = async {
            tokio::select! {
                () = async { while cells.join_next().await.is_some() {} } => {}
                () = cancel.cancelled_now() => {}
            }
            ended.cancel();
        };
        tokio::join!(all, pulse::keep(&world, &ended));
        cells.shutdown().await;
        // Cells that were dropped in haste are cancelled and not forgotten.
        for cell in &world.plan.cells {
            world.tell(cell, Verdict::cancelled(), 0.0);
        }
        world.services.close().await;
        let left_behind = clean_up(&world).await;
        tokio::select! {
            () = self.layers.forget_oldest(&world.caller) => {}
            () = cancel.cancelled() => {}
        }
        self.layers.tidy();
        let interrupted = cancel.is_cancelled();
        emit.emit(Event::RunFinished {
            seconds: began.elapsed().as_secs_f64(),
            interrupted,
        });
        Ended {
            interrupted,
            left_behind,
        }
    }
}

/// Sees a cell through: prepares it, waits for its turn, runs it, and tells.
async fn see_through(world: &World, index: usize) {
    let cell = &world.plan.cells[index];
    let beginning = async {
        let prepared = prepare(world, cell).await.map_err(|why| why.verdict())?;
        // The queue is there as long as the engine is.
        let place = world.member.place(index).await;
        Ok::<_, Verdict>((prepared, place))
    };
    let begun = tokio::select! {
        biased;
        () = world.no_more.cancelled() => Err(Verdict::cancelled()),
        () = world.cancel_of(cell).cancelled() => Err(Verdict::cancelled()),
        begun = beginning => begun,
    };
    let to_come = world.one_less();
    let (verdict, seconds) = match begun {
        Ok((prepared, place)) => {
            let beside = place.as_ref().map_or(0, |place| place.beside);
            let parallel = world.plan.pace.parallel_for(beside, to_come);
            let ended = run_cell(world, cell, prepared, parallel).await;
            drop(place);
            ended
        }
        Err(verdict) => (verdict, 0.0),
    };
    world.tell(cell, verdict, seconds);
    world.services.finished(cell).await;
}
