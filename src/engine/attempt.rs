use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{join_all, select_all};
use tokio::time::{Instant, sleep_until};

use super::images::Problem;
use super::reader::Reader;
use super::services::Lease;
use super::tree::PreparedTree;
use super::verdict::{Seen, Verdict};
use super::world::World;
use crate::event::Event;
use crate::model::{Cause, Counts, Phase};
use crate::plan::{CellPlan, ImageRef};
use crate::runtime::RuntimeError;

/// How long a cell that is told to stop may take.
const STOP_GRACE: Duration = Duration::from_secs(3);
/// How long a cell's log may go on after its process ended.
const DRAIN: Duration = Duration::from_secs(10);

/// One attempt to run a cell.
pub struct Attempt<'a> {
    pub world: &'a World,
    pub cell: &'a CellPlan,
    pub tree: &'a PreparedTree,
    /// 1, or 2 after a failure that was ours.
    pub number: u32,
    /// Processes inside the cell.
    pub parallel: u32,
}

impl Attempt<'_> {
    /// Runs the cell to its end and leaves nothing behind.
    pub async fn run(&self) -> Verdict {
        self.phase(Phase::Services).await;
        let leases = match self.lease_all().await {
            Ok(leases) => leases,
            Err(problem) => return problem.verdict(),
        };
        let verdict = self.run_with(&leases).await;
        self.world.services.give_back(leases).await;
        verdict
    }

    /// All services at once: the slowest decides.
    async fn lease_all(&self) -> Result<Vec<Lease>, Problem> {
        let World {
            services, images, ..
        } = self.world;
        let wanted = self.cell.services();
        let results = join_all(wanted.map(|service| services.lease(service, images))).await;
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

    async fn run_with(&self, leases: &[Lease]) -> Verdict {
        let World { plan, runtime, .. } = self.world;
        self.phase(Phase::Starting).await;
        let addresses: Vec<_> = leases.iter().map(Lease::address).collect();
        let container = self.cell.container(
            plan,
            &ImageRef::new(&self.tree.image),
            &addresses,
            (self.number, self.parallel),
        );
        let id = match runtime.create(&container).await {
            Ok(id) => id,
            Err(error) => return Verdict::engine(&error),
        };
        let verdict = match self.start(&id).await {
            Ok(()) => self.follow(&id, leases).await,
            Err(error) => Verdict::engine(&error),
        };
        // Removed with the run if not now.
        let _ = runtime.remove(&id).await;
        verdict
    }

    async fn start(&self, id: &str) -> Result<(), RuntimeError> {
        let runtime = &self.world.runtime;
        if let Some(upload) = &self.tree.upload {
            runtime.deliver(id, upload.clone()).await?;
        }
        runtime.start(id).await?;
        self.phase(Phase::Loading).await;
        Ok(())
    }

    /// Reads the cell's output until it ends, or something ends it.
    async fn follow(&self, id: &str, leases: &[Lease]) -> Verdict {
        let World {
            runtime,
            cancel,
            plan,
            ..
        } = self.world;
        let mut output = match runtime.output(id).await {
            Ok(output) => output,
            Err(error) => return Verdict::engine(&error),
        };
        let pace = &plan.pace;
        let deadline = Instant::now() + pace.cell_timeout;
        let mut reader = Reader::new(&self.world.emit, self.cell.cell.name());
        let ended_by = loop {
            tokio::select! {
                item = output.next() => match item {
                    Some(Ok(bytes)) => {
                        reader.take(bytes).await;
                        if reader.bytes > pace.log_limit {
                            break Some(Verdict::ours(
                                Cause::Flooded,
                                format!("more than {} MiB of log", pace.log_limit >> 20),
                            ));
                        }
                    }
                    Some(Err(error)) => break Some(Verdict::engine(&error)),
                    None => break None,
                },
                () = sleep_until(deadline) => break Some(Verdict::ours(
                    Cause::TimedOut,
                    format!("not done after {} s", pace.cell_timeout.as_secs()),
                )),
                () = sleep_until(reader.progress + pace.quiet_timeout) => break Some(Verdict::hung(
                    &reader.seen,
                    pace.quiet_timeout,
                )),
                how = any_death(leases) => break Some(Verdict::ours(Cause::ServiceDied, how)),
                () = cancel.cancelled() => break Some(Verdict::cancelled()),
            }
        };
        if let Some(verdict) = ended_by {
            // It is removed by force in any case.
            let grace = if verdict == Verdict::cancelled() {
                STOP_GRACE
            } else {
                Duration::ZERO
            };
            let stop = runtime.stop(id, grace);
            tokio::select! {
                _ = stop => {}
                () = cancel.cancelled_now() => {}
            }
            return match &reader.seen.totals {
                Some(totals) => self.after_totals(id, verdict, totals, &reader.seen).await,
                None => verdict.with_log(&reader.seen),
            };
        }
        reader.finish().await;
        let exit = match tokio::time::timeout(DRAIN, runtime.wait(id)).await {
            Ok(Ok(exit)) => exit,
            Ok(Err(error)) => return Verdict::engine(&error),
            Err(_) => {
                return Verdict::ours(Cause::EngineFailed, "its log ended while it runs");
            }
        };
        let verdict = Verdict::of(&reader.seen, &exit);
        // A cell notices its database's death as errors of its tests, and may
        // even end before the engine tells of it.
        verdict
            .with_log(&reader.seen)
            .beside(leases.iter().find_map(Lease::is_dead))
    }

    /// Once Django has given its totals, what is left is taking its databases
    /// down, and they go with their container: what ended the cell no longer
    /// matters, unless it is why tests failed.
    async fn after_totals(
        &self,
        id: &str,
        verdict: Verdict,
        totals: &Counts,
        seen: &Seen,
    ) -> Verdict {
        if totals.bad() == 0 {
            return Verdict::of_totals(totals);
        }
        if verdict.cause == Some(Cause::ServiceDied) {
            return verdict;
        }
        match tokio::time::timeout(DRAIN, self.world.runtime.wait(id)).await {
            Ok(Ok(exit)) => Verdict::of(seen, &exit),
            _ => Verdict::of_totals(totals),
        }
    }

    async fn phase(&self, phase: Phase) {
        let cell = self.cell.cell.name();
        self.world.emit.emit(Event::CellPhase { cell, phase }).await;
    }
}

async fn any_death(leases: &[Lease]) -> String {
    if leases.is_empty() {
        return std::future::pending().await;
    }
    let deaths = leases.iter().map(|lease| Box::pin(lease.died()));
    select_all(deaths).await.0
}
