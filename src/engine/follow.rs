use std::time::Duration;

use futures_util::StreamExt;

use super::Cancel;
use super::lost;
use super::output::Resumed;
use super::patience::Patience;
use super::reader::Reader;
use super::services::{Lease, any_death};
use super::verdict::Verdict;
use super::world::World;
use crate::model::{Cause, Counts};
use crate::plan::{CellPlan, NoTests};
use crate::runtime::{ContainerPhase, Exit, Output, RuntimeError, State};

/// How long a cell that is told to stop may take.
const STOP_GRACE: Duration = Duration::from_secs(3);
/// How long a cell's log may go on after its process ended, and the process after
/// its log.
const DRAIN: Duration = Duration::from_secs(10);
/// How often a log that breaks off while its cell runs is taken up again with nothing
/// new in it.
const RESUMPTIONS: u32 = 20;

/// Follows a started cell to its end.
pub struct Follow<'a> {
    world: &'a World,
    cancel: &'a Cancel,
    container: &'a str,
    leases: &'a [Lease],
    reader: Reader<'a>,
    patience: Patience,
    /// How much of the patience was spent when a test finished last.
    quiet_since: Duration,
    /// How many tests had an outcome then.
    heard: u64,
    /// Whether its log broke off, as when the engine went away or the connection to it.
    was_away: bool,
}

/// Why a cell's output is not read any further.
enum Broken {
    /// It has ended.
    AtItsEnd,
    /// The engine went away, or the connection to it.
    Off(RuntimeError),
    /// Something ends the cell.
    By(Verdict),
}

impl<'a> Follow<'a> {
    pub fn new(
        world: &'a World,
        cell: &'a CellPlan,
        container: &'a str,
        leases: &'a [Lease],
    ) -> Self {
        Self {
            reader: Reader::new(&world.caller.emit, cell.cell.name()),
            cancel: world.cancel_of(cell),
            world,
            container,
            leases,
            patience: Patience::new(),
            quiet_since: Duration::ZERO,
            heard: 0,
            was_away: false,
        }
    }

    /// The verdict on the cell. One that lived on while the engine was away is
    /// found again, and its log taken up where it broke off.
    pub async fn until_its_end(mut self) -> Verdict {
        let (mut resumptions, mut read) = (0, 0);
        let mut is_read_again = false;
        loop {
            let error = match self.read().await {
                Broken::By(verdict) => return self.end(verdict).await,
                Broken::AtItsEnd => match self.exit().await {
                    Ok(Some(exit)) if is_read_again || self.reader.seen.totals.is_some() => {
                        return self.verdict(&exit);
                    }
                    // Its log may have ended before it did, and the rest of it says how.
                    Ok(Some(_)) => {
                        is_read_again = true;
                        continue;
                    }
                    // Its log ended, and it runs.
                    Ok(None) => None,
                    Err(error) => Some(error),
                },
                Broken::Off(error) => Some(error),
            };
            if self.reader.bytes() > read {
                (resumptions, read) = (0, self.reader.bytes());
            }
            resumptions += 1;
            self.was_away = true;
            if resumptions > RESUMPTIONS {
                let why = "its log breaks off again and again while it runs";
                return Verdict::ours(Cause::EngineFailed, why).with_log(&self.reader.seen);
            }
            if let Some(error) = error
                && let Some(verdict) = self.wait_for_engine(&error).await
            {
                return verdict;
            }
        }
    }

    /// Reads the cell's output until it ends, breaks off, or something ends it.
    async fn read(&mut self) -> Broken {
        let runtime = &self.world.engine.runtime;
        let opened = runtime.output(self.container).await;
        let mut output = match opened {
            Ok(output) => Resumed::new(output, self.reader.stdout_bytes, self.reader.stderr_bytes),
            Err(error) if error.is_away() => return Broken::Off(error),
            Err(error) => return Broken::By(Verdict::engine(&error)),
        };
        let (cancel, emit) = (self.cancel, &self.world.caller.emit);
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Broken::By(Verdict::cancelled()),
                how = any_death(self.leases) => {
                    return Broken::By(Verdict::ours(Cause::ServiceDied, how));
                }
                // What is there is read before a timer is believed.
                item = async { emit.room().await; output.next().await } => {
                    match item {
                        Some(Ok(bytes)) => self.take(bytes),
                        Some(Err(error)) if error.is_away() => return Broken::Off(error),
                        Some(Err(error)) => return Broken::By(Verdict::engine(&error)),
                        None => return Broken::AtItsEnd,
                    }
                    if let Some(verdict) = self.too_much() {
                        return Broken::By(verdict);
                    }
                }
                () = self.patience.tick() => {
                    if let Some(verdict) = self.too_quiet().await {
                        return Broken::By(verdict);
                    }
                }
            }
        }
    }

    fn take(&mut self, output: Output) {
        self.reader.take(output);
        if self.reader.progress != self.heard {
            self.heard = self.reader.progress;
            self.quiet_since = self.patience.spent();
        }
    }

    /// Whether it wrote too much, or took too long writing it.
    fn too_much(&mut self) -> Option<Verdict> {
        let pace = &self.world.plan.pace;
        if self.reader.bytes() > pace.log_limit {
            let much = format!("more than {} MiB of log", pace.log_limit >> 20);
            return Some(Verdict::ours(Cause::Flooded, much));
        }
        (self.patience.spent() > pace.cell_timeout).then(|| {
            let long = format!("not done after {} s", pace.cell_timeout.as_secs());
            Verdict::ours(Cause::TimedOut, long)
        })
    }

    /// Whether nothing happens for too long.
    async fn too_quiet(&mut self) -> Option<Verdict> {
        if let Some(verdict) = self.too_much() {
            return Some(verdict);
        }
        if self.world.caller.emit.is_behind() {
            // Nobody looks what the cell says: that is no silence of its.
            self.quiet_since = self.patience.spent();
        }
        let quiet = self.world.plan.pace.quiet_timeout;
        if self.patience.spent().saturating_sub(self.quiet_since) <= quiet {
            return None;
        }
        self.ask_for_stacks().await;
        Some(Verdict::hung(&self.reader.seen, quiet))
    }

    /// Has the runner write down where every thread is, and reads that.
    async fn ask_for_stacks(&mut self) {
        let runtime = &self.world.engine.runtime;
        let asking = async {
            let Ok(output) = runtime.output(self.container).await else {
                return;
            };
            let mut output =
                Resumed::new(output, self.reader.stdout_bytes, self.reader.stderr_bytes);
            if runtime.signal(self.container, "QUIT").await.is_err() {
                return;
            }
            while let Some(Ok(bytes)) = output.next().await {
                self.reader.take(bytes);
            }
        };
        tokio::select! {
            _ = tokio::time::timeout(DRAIN, asking) => {}
            () = self.cancel.cancelled() => {}
        }
    }

    /// How the container ended, once its log has; `None` if it runs.
    async fn exit(&self) -> Result<Option<Exit>, RuntimeError> {
        let waiting = self.world.engine.runtime.wait(self.container);
        match tokio::time::timeout(DRAIN, waiting).await {
            Ok(exit) => exit.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Waits for an engine that went away; `None` if the cell lives on, or ended and
    /// can be read to its end.
    async fn wait_for_engine(&mut self, error: &RuntimeError) -> Option<Verdict> {
        let engine = &self.world.engine;
        if error.is_away() && !engine.presence.wait(error, &self.world.caller).await {
            return Some(if self.cancel.is_cancelled() {
                Verdict::cancelled()
            } else {
                Verdict::engine(error)
            });
        }
        match engine.runtime.state(self.container).await {
            Ok(Some(State {
                phase: ContainerPhase::Running | ContainerPhase::Exited,
                ..
            })) => None,
            // Gone again: the next round waits.
            Err(error) if error.is_away() => None,
            Ok(_) => Some(Verdict::ours(
                Cause::EngineFailed,
                "its container was gone when the engine came back",
            )),
            Err(error) => Some(Verdict::engine(&error)),
        }
    }

    /// The verdict on a cell that ended by itself.
    fn verdict(mut self, exit: &Exit) -> Verdict {
        self.reader.finish();
        let verdict = Verdict::of(&self.reader.seen, exit);
        let verdict = if self.was_away {
            lost::unless_lost(verdict, &self.reader, &self.world.caller.emit)
        } else {
            verdict
        };
        self.settled(verdict.with_log(&self.reader.seen))
    }

    /// Stops a cell. Once Django has given its totals, what is left is taking its
    /// databases down, and they go with their container: what ended the cell no
    /// longer matters, unless it is why tests failed.
    async fn end(self, verdict: Verdict) -> Verdict {
        let runtime = &self.world.engine.runtime;
        // It is removed by force in any case.
        let grace = if verdict == Verdict::cancelled() {
            STOP_GRACE
        } else {
            Duration::ZERO
        };
        tokio::select! {
            _ = runtime.stop(self.container, grace) => {}
            () = self.cancel.cancelled_now() => {}
        }
        let seen = &self.reader.seen;
        let Some(totals) = seen.totals else {
            return verdict.with_log(seen);
        };
        self.settled(self.after_totals(verdict, &totals).await)
    }

    async fn after_totals(&self, verdict: Verdict, totals: &Counts) -> Verdict {
        if totals.bad() == 0 {
            return Verdict::of_totals(totals);
        }
        if verdict.cause == Some(Cause::ServiceDied) {
            return verdict;
        }
        match self.exit().await {
            Ok(Some(exit)) => Verdict::of(&self.reader.seen, &exit),
            _ => Verdict::of_totals(totals),
        }
    }

    /// Takes a suite without a test as whoever asked wants it.
    fn settled(&self, verdict: Verdict) -> Verdict {
        match self.world.plan.pace.no_tests {
            NoTests::Pass => verdict.or_passed_if_empty(),
            NoTests::Fail => verdict,
        }
    }
}
