use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::dispatch::clean_up;
use super::lifecycle::prepare;
use super::world::World;
use super::{Cancel, Emitter};
use crate::event::{Event, RunStarted};
use crate::model::Cell;
use crate::plan::Plan;
use crate::runtime::Runtime;

/// A cell whose images could not be made, and why.
pub type Unmade = (Cell, String);

/// Makes every image of a plan and runs no cell. `started` says what is made, and
/// has no cells. Returns the cells that could not start.
pub async fn build_images(
    plan: Plan,
    started: RunStarted,
    runtime: Arc<dyn Runtime>,
    emit: Emitter,
    cancel: Cancel,
) -> Vec<Unmade> {
    let began = Instant::now();
    emit.emit(Event::RunStarted(Box::new(started))).await;
    let world = World::new(plan, runtime, emit.clone(), cancel.clone());
    let all = (0..world.plan.cells.len()).map(|index| {
        let world = &world;
        async move {
            let verdict = prepare(world, index).await.err()?;
            Some((world.plan.cells[index].cell.clone(), verdict.detail))
        }
    });
    let unmade = tokio::select! {
        unmade = join_all(all) => unmade.into_iter().flatten().collect(),
        () = cancel.cancelled() => Vec::new(),
    };
    clean_up(&world).await;
    emit.emit(Event::RunFinished {
        seconds: began.elapsed().as_secs_f64(),
        interrupted: cancel.is_cancelled(),
    })
    .await;
    unmade
}
