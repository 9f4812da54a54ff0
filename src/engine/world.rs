use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::Cancel;
use super::caller::Caller;
use super::handle::Engine;
use super::queue::Member;
use super::services::Services;
use super::verdict::Verdict;
use crate::event::Event;
use crate::journal::Emitter;
use crate::model::{CellName, Outcome};
use crate::plan::{CellPlan, Plan};

/// One run on an engine: what every attempt of every cell works with.
pub struct World {
    pub plan: Arc<Plan>,
    pub engine: Arc<Engine>,
    pub caller: Arc<Caller>,
    pub services: Services,
    pub member: Member,
    /// Cancelled when no further cell is to begin.
    pub no_more: CancellationToken,
    /// Cells that have not begun.
    to_come: AtomicU32,
    finished: Mutex<HashSet<CellName>>,
    /// What ends each cell: the end of the run, and its own.
    cells: HashMap<CellName, Cancel>,
}

impl World {
    /// A run in which nothing has been made yet.
    pub fn new(plan: Plan, engine: &Arc<Engine>, emit: &Emitter, cancel: &Cancel) -> Self {
        let plan = Arc::new(plan);
        let caller = Arc::new(Caller::new(&plan, emit, cancel));
        Self {
            services: Services::new(&plan, engine, &caller),
            member: engine.queue.join(plan.priority, plan.pace.jobs),
            no_more: cancel.token(),
            to_come: AtomicU32::new(u32::try_from(plan.cells.len()).unwrap_or(u32::MAX)),
            finished: Mutex::default(),
            cells: cells(&plan, cancel),
            engine: Arc::clone(engine),
            caller,
            plan,
        }
    }

    pub fn emit(&self, event: Event) {
        self.caller.emit.emit(event);
    }

    pub fn cancel(&self) -> &Cancel {
        &self.caller.cancel
    }

    /// What ends a cell, which may be that somebody wants the end of it alone.
    pub fn cancel_of(&self, cell: &CellPlan) -> &Cancel {
        self.cells
            .get(&cell.cell.name())
            .unwrap_or(&self.caller.cancel)
    }

    /// A cell begins, or never will; returns how many are still to come.
    pub fn one_less(&self) -> u32 {
        let before = self
            .to_come
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        before.unwrap_or(1) - 1
    }

    /// Tells how a cell ended, unless that has been told; ends the run where the
    /// first bad one is to.
    pub fn tell(&self, cell: &CellPlan, verdict: Verdict, seconds: f64) {
        let first = self
            .finished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(cell.cell.name());
        if !first {
            return;
        }
        let bad = !matches!(verdict.outcome, Outcome::Passed | Outcome::Skipped);
        if bad && self.plan.pace.fail_fast {
            self.no_more.cancel();
        }
        self.emit(Event::CellFinished {
            cell: cell.cell.name(),
            outcome: verdict.outcome,
            cause: verdict.cause,
            detail: verdict.detail,
            log: verdict.log,
            seconds,
        });
    }
}

fn cells(plan: &Plan, cancel: &Cancel) -> HashMap<CellName, Cancel> {
    let names = plan.cells.iter().map(|cell| cell.cell.name());
    let part = |name: CellName| {
        let part = cancel.part(name.as_str());
        (name, part)
    };
    names.map(part).collect()
}
