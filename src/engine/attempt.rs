use std::sync::Arc;

use futures_util::future::join_all;

use super::follow::Follow;
use super::problem::Problem;
use super::services::Lease;
use super::tree::PreparedTree;
use super::verdict::Verdict;
use super::world::World;
use crate::event::Event;
use crate::model::{Cause, Outcome, Phase};
use crate::plan::CellPlan;
use crate::runtime::RuntimeError;

/// One attempt to run a cell.
pub struct Attempt<'a> {
    pub world: &'a World,
    pub cell: &'a CellPlan,
    pub tree: &'a PreparedTree,
    /// Tells this attempt's container from those of others.
    pub number: u32,
    /// Processes inside the cell.
    pub parallel: u32,
}

/// What an attempt came to.
pub enum Tried {
    /// A verdict.
    Ended(Verdict),
    /// It did not begin, for an image of it is gone.
    ImageGone(RuntimeError),
    /// The engine went away before the cell ran; what it was asked to do may be done.
    Away(RuntimeError),
}

impl Attempt<'_> {
    /// Runs the cell to its end and leaves nothing behind.
    pub async fn run(&self) -> Tried {
        self.phase(Phase::Services);
        let leased = tokio::select! {
            leased = self.lease_all() => leased,
            // What was started by then is removed with the run.
            () = self.world.cancel_of(self.cell).cancelled() => return Tried::Ended(Verdict::cancelled()),
        };
        let leases = match leased {
            Ok(leases) => leases,
            Err(Problem::Engine(error)) => return Tried::of(error),
            Err(problem) => return Tried::Ended(problem.verdict()),
        };
        let tried = self.run_with(&leases).await;
        self.world.services.give_back(leases).await;
        tried
    }

    /// All services at once: the slowest decides.
    async fn lease_all(&self) -> Result<Vec<Lease>, Problem> {
        let services = &self.world.services;
        let wanted = self.cell.services();
        let results = join_all(wanted.map(|service| services.lease(service))).await;
        let mut leases = Vec::new();
        let mut problem = None;
        for result in results {
            match result {
                Ok(lease) => leases.push(lease),
                Err(error) => problem = Some(error),
            }
        }
        match problem {
            None => Ok(leases),
            Some(problem) => {
                services.give_back(leases).await;
                Err(problem)
            }
        }
    }

    async fn run_with(&self, leases: &[Lease]) -> Tried {
        let runtime = &self.world.engine.runtime;
        self.phase(Phase::Starting);
        let addresses: Vec<_> = leases.iter().map(Lease::address).collect();
        let numbers = (self.number, self.parallel);
        let plan = &self.world.plan;
        let container = self
            .cell
            .container(plan, &self.tree.image, &addresses, numbers);
        let creator = Arc::clone(runtime);
        let creation = async move { creator.create(&container).await };
        let id = match self.world.caller.create(creation).await {
            Ok(id) => id,
            Err(error) => return Tried::of(error),
        };
        let tried = match self.start(&id).await {
            Ok(()) => Tried::Ended(self.follow(&id, leases).await),
            Err(error) => Tried::of(error),
        };
        // Removed with the run if not now.
        let _ = runtime.remove(&id).await;
        tried
    }

    async fn start(&self, id: &str) -> Result<(), RuntimeError> {
        let runtime = &self.world.engine.runtime;
        if let Some(upload) = &self.tree.upload {
            runtime.deliver(id, upload.clone()).await?;
        }
        runtime.start(id).await?;
        self.phase(Phase::Loading);
        Ok(())
    }

    async fn follow(&self, id: &str, leases: &[Lease]) -> Verdict {
        let verdict = Follow::new(self.world, self.cell, id, leases)
            .until_its_end()
            .await;
        if matches!(verdict.outcome, Outcome::Passed | Outcome::Cancelled) {
            return verdict;
        }
        // A cell notices its database's death as errors of its tests, and may even
        // end before the engine tells of it.
        let services = &self.world.services;
        services.look_after(leases).await;
        let verdict = verdict.beside(leases.iter().find_map(Lease::is_dead));
        if verdict.cause == Some(Cause::ServiceFailed) {
            // Whatever ails it, the next attempt gets another.
            for lease in leases {
                lease.condemn(&verdict.detail);
            }
        }
        verdict
    }

    fn phase(&self, phase: Phase) {
        let cell = self.cell.cell.name();
        self.world.emit(Event::CellPhase { cell, phase });
    }
}

impl Tried {
    fn of(error: RuntimeError) -> Self {
        if error.is_gone() {
            Self::ImageGone(error)
        } else if error.is_away() {
            Self::Away(error)
        } else {
            Self::Ended(Verdict::engine(&error))
        }
    }
}
