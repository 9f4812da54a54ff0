use std::sync::Arc;

use super::{Asked, Home, Request, RunError, ask, estimates, labels, planning};
use crate::event::{Notice, RunStarted};
use crate::model::RunId;
use crate::plan::Plan;
use crate::runtime::Capabilities;
use crate::source::{OnTransfer, Snapshot};
use crate::store::{Retention, RunLock};

/// A run that could begin.
pub struct Prepared {
    /// Its id.
    pub run: RunId,
    /// Held while the run lives, so that nobody cleans up after it.
    pub lock: RunLock,
    /// What to do.
    pub plan: Plan,
    /// The event that begins it.
    pub started: RunStarted,
    /// What is other than it was asked for.
    pub notices: Vec<Notice>,
    /// How long earlier runs are kept.
    pub retention: Retention,
}

/// What was asked for, and the files of what is to be tested.
pub struct Read {
    asked: Asked,
    snapshots: Vec<Arc<Snapshot>>,
}

/// Reads what a request is about, which may take a network and minutes. Blocks this
/// thread, and needs no engine.
///
/// # Errors
/// When the request is wrong, leaves nothing to run, or a source cannot be read.
pub fn snapshots(
    request: &Request,
    home: &Home,
    on_transfer: &OnTransfer<'_>,
) -> Result<Read, RunError> {
    let estimates = estimates(request, home);
    let mut asked = something_to_run(ask(&request.scope, &home.cache, on_transfer, &estimates)?)?;
    let branches: std::collections::HashSet<&str> = asked
        .matrix
        .cells
        .iter()
        .map(|cell| &*cell.branch)
        .collect();
    let tested = asked
        .candidates
        .iter()
        .filter(|candidate| branches.contains(candidate.branch.as_str()));
    let snapshots: Vec<Arc<Snapshot>> = tested
        .map(|candidate| Ok(Arc::new(candidate.snapshot()?)))
        .collect::<Result<_, RunError>>()?;
    let missing = labels::check(&request.labels, &snapshots)?;
    asked.notices.extend(missing);
    Ok(Read { asked, snapshots })
}

/// Makes a run of it, on an engine that is as it says.
///
/// # Errors
/// When the state folder cannot be written, or a file on this machine not read.
pub fn prepare(
    request: &Request,
    read: Read,
    home: &Home,
    engine: &Capabilities,
) -> Result<Prepared, RunError> {
    let Read { asked, snapshots } = read;
    let run = new_run_id();
    let lock = home.state.begin(&run)?;
    let (plan, started) = planning::plan(request, &asked, &snapshots, home, &run, engine)
        .inspect_err(|_| home.state.forget(&run))?;
    Ok(Prepared {
        run,
        lock,
        plan,
        started,
        notices: asked.notices,
        retention: request.retention,
    })
}

fn something_to_run(asked: Asked) -> Result<Asked, RunError> {
    if asked.matrix.cells.is_empty() {
        let mut message = "nothing to run: ".to_owned();
        message.push_str(match asked.matrix.excluded.len() {
            0 => "the filters leave no cell of the matrix",
            _ => "every cell is left out",
        });
        for excluded in asked.matrix.excluded.iter().take(5) {
            message.push_str(&format!("\n  {}: {}", excluded.cell, excluded.reason));
        }
        message.push_str("\n`djbuild matrix` shows what there is.");
        return Err(RunError::Request(message));
    }
    Ok(asked)
}

fn new_run_id() -> RunId {
    let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
    let tail: String = std::iter::repeat_with(fastrand::lowercase)
        .take(4)
        .collect();
    RunId::new(format!("{now}-{tail}"))
}
