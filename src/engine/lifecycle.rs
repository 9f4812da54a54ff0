use tokio::time::Instant;

use super::attempt::{Attempt, Tried};
use super::images::Ready;
use super::presence::still_away;
use super::problem::Problem;
use super::tree::PreparedTree;
use super::verdict::Verdict;
use super::world::World;
use crate::event::{Event, NoticeKind};
use crate::model::{Cause, Phase};
use crate::plan::CellPlan;
use crate::runtime::{ContainerPhase, RuntimeError};

/// How often a cell is begun anew for what is no attempt of its own: an image that
/// was taken away, an engine that went before the cell ran.
const FALSE_STARTS: u32 = 5;

/// What a cell starts on.
pub struct Prepared {
    parent: Ready,
    tree: PreparedTree,
}

/// Makes the cell's images, its services' images too, and its tree. What it was to
/// stand on may be gone since somebody saw it: then that is made first.
pub async fn prepare(world: &World, cell: &CellPlan) -> Result<Prepared, Problem> {
    world.emit(Event::CellPhase {
        cell: cell.cell.name(),
        phase: Phase::Images,
    });
    let mut false_starts = 0;
    loop {
        match make_all(world, cell).await {
            Err(gone) if gone.is_gone() && false_starts < FALSE_STARTS => {
                tell_retry(world, cell, &gone.verdict().detail);
                forget_images(world, cell);
                false_starts += 1;
            }
            prepared => return prepared,
        }
    }
}

async fn make_all(world: &World, cell: &CellPlan) -> Result<Prepared, Problem> {
    let (engine, plan, caller) = (&world.engine, &world.plan, &world.caller);
    let own = async {
        let parent = engine.images.ensure(&cell.image, plan, caller).await?;
        let layers = &engine.layers;
        let tree = layers
            .prepare(&engine.images, plan, &parent, &cell.tree, caller)
            .await?;
        Ok::<_, Problem>(Prepared { parent, tree })
    };
    let services = async {
        let all = cell
            .services()
            .map(|service| engine.images.ensure(&service.image, plan, caller));
        for result in futures_util::future::join_all(all).await {
            result?;
        }
        Ok::<_, Problem>(())
    };
    let (prepared, ()) = tokio::try_join!(own, services)?;
    Ok(prepared)
}

/// Runs a cell, and once more if what failed was ours. Returns the verdict, and
/// the seconds of the last attempt.
pub async fn run_cell(
    world: &World,
    cell: &CellPlan,
    mut prepared: Prepared,
    parallel: u32,
) -> (Verdict, f64) {
    let (mut attempts, mut false_starts) = (1, 0);
    loop {
        if !world.engine.presence.here(&world.caller).await {
            return (given_up(world, cell, &still_away()), 0.0);
        }
        let began = Instant::now();
        world.emit(Event::CellStarted {
            cell: cell.cell.name(),
            attempt: attempts,
            parallel,
        });
        let attempt = Attempt {
            world,
            cell,
            tree: &prepared.tree,
            number: attempts + false_starts,
            parallel,
        };
        let number = attempt.number;
        let tried = attempt.run().await;
        let seconds = began.elapsed().as_secs_f64();
        match tried {
            Tried::Ended(verdict) if attempts > 1 || !may_retry(world, cell, &verdict) => {
                return (verdict, seconds);
            }
            Tried::Ended(verdict) => {
                let cause = verdict.cause.map_or("", Cause::as_str);
                tell_retry(world, cell, &format!("{cause}: {}", verdict.detail));
                attempts += 1;
            }
            Tried::ImageGone(error) | Tried::Away(error) if false_starts == FALSE_STARTS => {
                return (Verdict::engine(&error), seconds);
            }
            Tried::ImageGone(error) => {
                tell_retry(world, cell, &error.to_string());
                forget(world, cell, &prepared);
                false_starts += 1;
            }
            Tried::Away(error) => {
                if !is_back(world, &error).await {
                    return (given_up(world, cell, &error), seconds);
                }
                false_starts += 1;
            }
        }
        if world.cancel_of(cell).is_cancelled() {
            return (Verdict::cancelled(), seconds);
        }
        if let Err(error) = remove(world, cell, number).await {
            return (given_up(world, cell, &error), seconds);
        }
        // Its image may be what was lost.
        tokio::select! {
            again = prepare(world, cell) => match again {
                Ok(again) => prepared = again,
                Err(problem) => return (problem.verdict(), seconds),
            },
            () = world.cancel_of(cell).cancelled() => return (Verdict::cancelled(), seconds),
        }
    }
}

/// Makes sure that an attempt's container is gone before the next begins. Where the
/// engine's answer was lost, nobody here knows whether it runs.
async fn remove(world: &World, cell: &CellPlan, number: u32) -> Result<(), RuntimeError> {
    let (runtime, name) = (
        &world.engine.runtime,
        cell.container_name(&world.plan, number),
    );
    loop {
        match runtime.remove(&name).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_away() => {
                if !is_back(world, &error).await {
                    return Err(error);
                }
            }
            // What has ended may stay until the run's end.
            Err(error) => match runtime.state(&name).await {
                Ok(Some(state)) if state.phase == ContainerPhase::Running => return Err(error),
                _ => return Ok(()),
            },
        }
    }
}

fn may_retry(world: &World, cell: &CellPlan, verdict: &Verdict) -> bool {
    verdict.is_worth_retrying()
        && !world.cancel_of(cell).is_cancelled()
        && !world.caller.has_given_up()
}

fn tell_retry(world: &World, cell: &CellPlan, why: &str) {
    let message = format!("{}: {why}; trying once more", cell.cell);
    world.caller.emit.notice(NoticeKind::Retry, message);
}

async fn is_back(world: &World, error: &RuntimeError) -> bool {
    world.engine.presence.wait(error, &world.caller).await
}

fn given_up(world: &World, cell: &CellPlan, error: &RuntimeError) -> Verdict {
    if world.cancel_of(cell).is_cancelled() {
        Verdict::cancelled()
    } else {
        Verdict::engine(error)
    }
}

/// What was there is gone: it is to be looked for, or made, once more.
fn forget(world: &World, cell: &CellPlan, prepared: &Prepared) {
    let layers = &world.engine.layers;
    layers.forget(&world.plan, &prepared.parent, &cell.tree);
    forget_images(world, cell);
}

fn forget_images(world: &World, cell: &CellPlan) {
    let (engine, plan) = (&world.engine, &world.plan);
    engine.images.forget(&cell.image, plan);
    for service in cell.services() {
        engine.images.forget(&service.image, plan);
    }
}
