use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::Cancel;
use super::clean_up::clean_up;
use super::handle::Engine;
use super::lifecycle::prepare;
use super::world::World;
use crate::event::Event;
use crate::journal::Emitter;
use crate::model::Cell;
use crate::plan::Plan;

/// A cell whose images could not be made, and why.
pub type Unmade = (Cell, String);

impl Engine {
    /// Makes every image of a plan and runs no cell. Returns the cells that could
    /// not start.
    pub async fn make_images(
        self: &Arc<Self>,
        plan: Plan,
        emit: &Emitter,
        cancel: &Cancel,
    ) -> Vec<Unmade> {
        let began = Instant::now();
        let world = World::new(plan, self, emit, cancel);
        let all = world.plan.cells.iter().map(|cell| {
            let world = &world;
            async move {
                let problem = prepare(world, cell).await.err()?;
                Some((cell.cell.clone(), problem.verdict().detail))
            }
        });
        let unmade = tokio::select! {
            unmade = join_all(all) => unmade.into_iter().flatten().collect(),
            () = cancel.cancelled() => Vec::new(),
        };
        world.services.close().await;
        clean_up(&world).await;
        emit.emit(Event::RunFinished {
            seconds: began.elapsed().as_secs_f64(),
            interrupted: cancel.is_cancelled(),
        });
        unmade
    }
}
