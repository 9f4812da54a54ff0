use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{join_all, select_all};
use tokio::time::{Instant, sleep_until};

use super::images::{Images, Problem, keep_tail};
use super::lines::Lines;
use super::services::{Lease, Services};
use super::tree::PreparedTree;
use super::verdict::{Seen, Verdict};
use super::{Cancel, Emitter};
use crate::event::{Event, MAX_LINE, PROTOCOL, RunnerMessage};
use crate::model::{Cause, CellName, Phase};
use crate::plan::{CellPlan, Plan};
use crate::runtime::{Output, Runtime, RuntimeError};

/// Longest line of the human log that is kept.
const LOG_LINE: usize = 16 * 1024;
/// How long a cell that is told to stop may take.
const STOP_GRACE: Duration = Duration::from_secs(3);
/// How long a cell's log may go on after its process ended.
const DRAIN: Duration = Duration::from_secs(10);

/// What every attempt of every cell works with.
pub struct World {
    pub plan: Arc<Plan>,
    pub runtime: Arc<dyn Runtime>,
    pub emit: Emitter,
    pub cancel: Cancel,
    pub images: Images,
    pub services: Services,
    pub finished: Mutex<HashSet<CellName>>,
}

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
            Err(problem) => {
                let (outcome, cause, detail) = problem.verdict();
                return Verdict {
                    outcome,
                    cause,
                    detail,
                };
            }
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
            &self.tree.image,
            &plan.network_name(),
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
            runtime.upload(id, upload.clone()).await?;
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
        let mut reader = Reader::new(self);
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
                () = sleep_until(reader.progress + pace.quiet_timeout) => break Some(Verdict::ours(
                    Cause::Hung,
                    reader.hung(pace.quiet_timeout),
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
            return verdict;
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
        match leases.iter().find_map(Lease::is_dead) {
            Some(how) if verdict.outcome != crate::model::Outcome::Passed => {
                Verdict::ours(Cause::ServiceDied, how)
            }
            _ => verdict,
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

/// Turns a cell's bytes into events, and remembers what a verdict needs.
struct Reader<'a> {
    emit: &'a Emitter,
    cell: CellName,
    stdout: Lines,
    stderr: Lines,
    bytes: u64,
    progress: Instant,
    seen: Seen,
}

impl<'a> Reader<'a> {
    fn new(attempt: &'a Attempt<'_>) -> Self {
        Self {
            emit: &attempt.world.emit,
            cell: attempt.cell.cell.name(),
            stdout: Lines::new(MAX_LINE),
            stderr: Lines::new(LOG_LINE),
            bytes: 0,
            progress: Instant::now(),
            seen: Seen::default(),
        }
    }

    async fn take(&mut self, output: Output) {
        let mut lines = Vec::new();
        match output {
            Output::Stdout(bytes) => {
                self.bytes += bytes.len() as u64;
                self.stdout.push(&bytes, |line| lines.push(line));
                for line in lines {
                    self.message(&line).await;
                }
            }
            Output::Stderr(bytes) => {
                self.bytes += bytes.len() as u64;
                self.stderr.push(&bytes, |line| lines.push(line));
                for line in lines {
                    self.log(&line).await;
                }
            }
        }
    }

    async fn finish(&mut self) {
        if let Some(line) = self.stdout.finish() {
            self.message(&line).await;
        }
        if let Some(line) = self.stderr.finish() {
            self.log(&line).await;
        }
    }

    async fn log(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        if line.contains("[Errno 28]") || line.contains("No space left on device") {
            self.seen.no_space = true;
        }
        keep_tail(&mut self.seen.tail, &line);
        let cell = self.cell.clone();
        self.emit.emit(Event::CellLog { cell, line }).await;
    }

    async fn message(&mut self, line: &[u8]) {
        let Some(message) = RunnerMessage::read(line) else {
            // Not ours: something in the container wrote to its real stdout.
            return self.log(line).await;
        };
        let cell = self.cell.clone();
        let phase = |phase| Event::CellPhase {
            cell: cell.clone(),
            phase,
        };
        let event = match message {
            RunnerMessage::Hello {
                protocol,
                python,
                implementation,
                django,
            } => {
                if protocol != PROTOCOL {
                    self.seen.complaint = Some(RunnerMessage::Broken {
                        message: format!("the runner speaks protocol {protocol}, not {PROTOCOL}"),
                    });
                }
                let facts = vec![
                    ("python".to_owned(), format!("{implementation} {python}")),
                    ("django".to_owned(), django),
                ];
                Event::CellEnvironment { cell, facts }
            }
            RunnerMessage::DatabaseReady { driver, server, .. } => {
                let facts = vec![("driver".to_owned(), driver), ("server".to_owned(), server)];
                Event::CellEnvironment { cell, facts }
            }
            RunnerMessage::Collected { tests } => {
                self.emit.emit(phase(Phase::Databases)).await;
                Event::CellCollected { cell, tests }
            }
            RunnerMessage::DatabasesCreated { .. } => phase(Phase::Testing),
            RunnerMessage::Started { test } => {
                self.seen.in_flight = Some(test.clone());
                Event::TestStarted { cell, test }
            }
            RunnerMessage::Test(result) => {
                if self.seen.in_flight.as_ref() == Some(&result.test) {
                    self.seen.in_flight = None;
                }
                Event::TestFinished { cell, result }
            }
            RunnerMessage::End { counts } => {
                self.seen.in_flight = None;
                self.seen.totals = Some(counts);
                Event::CellTotals { cell, counts }
            }
            complaint @ (RunnerMessage::Crashed { .. }
            | RunnerMessage::Unready { .. }
            | RunnerMessage::Broken { .. }) => {
                self.seen.complaint = Some(complaint);
                return;
            }
            RunnerMessage::Waiting { tests } => {
                // No progress: nothing finished.
                self.seen.in_flight = Some(tests.join(", ")).filter(|tests| !tests.is_empty());
                return;
            }
            RunnerMessage::Unknown => return,
        };
        self.progress = Instant::now();
        self.emit.emit(event).await;
    }

    fn hung(&self, quiet: Duration) -> String {
        let seconds = quiet.as_secs();
        match &self.seen.in_flight {
            Some(test) => format!("{test} did not finish in {seconds} s"),
            None => format!("no test finished in {seconds} s"),
        }
    }
}
