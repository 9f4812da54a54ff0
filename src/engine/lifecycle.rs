use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use super::attempt::Attempt;
use super::images::Problem;
use super::tree::PreparedTree;
use super::verdict::Verdict;
use super::world::World;
use crate::event::{Event, Notice, NoticeKind};
use crate::model::{Cause, Outcome, Phase};
use crate::plan::{CellPlan, label};

/// How long an engine that went away may take to come back.
pub const RECOVERY: Duration = Duration::from_secs(60);

/// Makes the cell's images, its services' images too, and its tree.
pub async fn prepare(world: &World, index: usize) -> Result<PreparedTree, Verdict> {
    let cell = &world.plan.cells[index];
    let name = cell.cell.name();
    world
        .emit
        .emit(Event::CellPhase {
            cell: name,
            phase: Phase::Images,
        })
        .await;
    let own = async {
        let parent = world.images.ensure(&cell.image).await?;
        let (images, runtime) = (&world.images, world.runtime.as_ref());
        world
            .layers
            .prepare(images, runtime, &world.plan, &parent, &cell.tree)
            .await
    };
    let services = async {
        let all = cell
            .services()
            .map(|service| world.images.ensure(&service.image));
        for result in futures_util::future::join_all(all).await {
            result?;
        }
        Ok::<_, Problem>(())
    };
    match tokio::try_join!(own, services) {
        Ok((tree, ())) => Ok(tree),
        Err(problem) => Err(problem.verdict()),
    }
}

/// Runs a cell, and once more if what failed was ours.
pub async fn run_cell(
    world: &World,
    index: usize,
    mut tree: PreparedTree,
    parallel: u32,
) -> Outcome {
    let cell = &world.plan.cells[index];
    let mut number = 1;
    loop {
        let began = Instant::now();
        world
            .emit
            .emit(Event::CellStarted {
                cell: cell.cell.name(),
                attempt: number,
                parallel,
            })
            .await;
        let attempt = Attempt {
            world,
            cell,
            tree: &tree,
            number,
            parallel,
        };
        let mut verdict = attempt.run().await;
        let seconds = began.elapsed().as_secs_f64();
        if number == 1 && verdict.is_worth_retrying() && !world.cancel.is_cancelled() {
            let message = format!(
                "{}: {}: {}; trying once more",
                cell.cell,
                verdict.cause.map_or("", Cause::as_str),
                verdict.detail
            );
            world
                .emit
                .emit(Event::Notice(Notice::new(NoticeKind::Retry, message)))
                .await;
            wait_for_engine(world).await;
            // Its image may be what was lost.
            match prepare(world, index).await {
                Ok(again) => {
                    tree = again;
                    number = 2;
                    continue;
                }
                Err(problem) => verdict = problem,
            }
        }
        let outcome = verdict.outcome;
        finish(world, cell, verdict, seconds).await;
        return outcome;
    }
}

async fn wait_for_engine(world: &World) {
    let deadline = Instant::now() + RECOVERY;
    while Instant::now() < deadline && !world.cancel.is_cancelled() {
        if world.runtime.networks(label::RUN).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Tells how a cell ended, and lets its services go.
pub async fn finish(world: &World, cell: &CellPlan, verdict: Verdict, seconds: f64) {
    tell(world, cell, verdict, seconds).await;
    world.services.finished(cell).await;
}

/// Tells how a cell ended, unless that has been told.
pub async fn tell(world: &World, cell: &CellPlan, verdict: Verdict, seconds: f64) {
    let first = world
        .finished
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(cell.cell.name());
    if !first {
        return;
    }
    world
        .emit
        .emit(Event::CellFinished {
            cell: cell.cell.name(),
            outcome: verdict.outcome,
            cause: verdict.cause,
            detail: verdict.detail,
            log: verdict.log,
            seconds,
        })
        .await;
}
