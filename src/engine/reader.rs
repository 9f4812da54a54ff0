use super::lines::Lines;
use super::seen::Seen;
use super::tail::keep_tail;
use super::verdict::server_trouble;
use crate::event::{Event, MAX_LINE, Notice, PROTOCOL, RunnerMessage};
use crate::journal::Emitter;
use crate::model::{Cause, CellName, Phase, bytes, plural};
use crate::runtime::Output;

/// Longest line of the human log that is kept.
const LOG_LINE: usize = 16 * 1024;

/// The runner's line before the stacks of its threads (`supervisor.py`).
const STACKS_FOLLOW: &str = "djbuild: the stack of every thread:";

/// Lines of stacks that are kept.
const STACK_LINES: usize = 400;

/// Turns a cell's bytes into events, and remembers what a verdict needs.
pub struct Reader<'a> {
    emit: &'a Emitter,
    cell: CellName,
    stdout: Lines,
    stderr: Lines,
    /// Bytes of its standard output taken so far.
    pub stdout_bytes: u64,
    /// And of its standard error.
    pub stderr_bytes: u64,
    /// How much has happened: tests that ended, phases that were reached.
    pub progress: u64,
    /// What a verdict needs.
    pub seen: Seen,
}

impl<'a> Reader<'a> {
    pub fn new(emit: &'a Emitter, cell: CellName) -> Self {
        Self {
            emit,
            cell,
            stdout: Lines::new(MAX_LINE),
            stderr: Lines::new(LOG_LINE),
            stdout_bytes: 0,
            stderr_bytes: 0,
            progress: 0,
            seen: Seen::default(),
        }
    }

    /// Whose output it is.
    pub const fn cell(&self) -> &CellName {
        &self.cell
    }

    /// Bytes taken so far.
    pub const fn bytes(&self) -> u64 {
        self.stdout_bytes + self.stderr_bytes
    }

    /// Takes some output of the cell.
    pub fn take(&mut self, output: Output) {
        let mut lines = Vec::new();
        match output {
            Output::Stdout(bytes) => {
                self.stdout_bytes += bytes.len() as u64;
                self.stdout.push(&bytes, |line| lines.push(line));
                for line in lines {
                    self.message(&line);
                }
            }
            Output::Stderr(bytes) => {
                self.stderr_bytes += bytes.len() as u64;
                self.stderr.push(&bytes, |line| lines.push(line));
                for line in lines {
                    self.log(&line);
                }
            }
        }
    }

    /// Takes what is left when the output has ended.
    pub fn finish(&mut self) {
        if let Some(line) = self.stdout.finish() {
            self.message(&line);
        }
        if let Some(line) = self.stderr.finish() {
            self.log(&line);
        }
    }

    fn log(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        let stacks = &mut self.seen.stacks;
        if line == STACKS_FOLLOW || (!stacks.is_empty() && stacks.len() < STACK_LINES) {
            stacks.push(line.clone());
        }
        keep_tail(&mut self.seen.tail, &line);
        let cell = self.cell.clone();
        self.emit.emit(Event::CellLog { cell, line });
    }

    fn message(&mut self, line: &[u8]) {
        if line.is_empty() {
            // After what may be half a line.
            return;
        }
        let Some(message) = RunnerMessage::read(line) else {
            // Not ours: something in the container wrote to its real stdout.
            return self.log(line);
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
                missing,
            } => {
                if protocol != PROTOCOL {
                    self.seen.complaint = Some(RunnerMessage::Broken {
                        message: format!("the runner speaks protocol {protocol}, not {PROTOCOL}"),
                    });
                }
                let mut facts = vec![
                    ("python".to_owned(), format!("{implementation} {python}")),
                    ("django".to_owned(), django),
                ];
                if !missing.is_empty() {
                    facts.push(("missing".to_owned(), missing.join(", ")));
                }
                Event::CellEnvironment { cell, facts }
            }
            RunnerMessage::DatabaseReady { driver, server, .. } => {
                let facts = vec![("driver".to_owned(), driver), ("server".to_owned(), server)];
                Event::CellEnvironment { cell, facts }
            }
            RunnerMessage::Collected { tests } => {
                self.emit.emit(phase(Phase::Databases));
                Event::CellCollected { cell, tests }
            }
            RunnerMessage::DatabasesCreated { .. } => phase(Phase::Testing),
            RunnerMessage::Started { test } => {
                self.seen.in_flight = vec![test.clone()];
                Event::TestStarted { cell, test }
            }
            RunnerMessage::Test(result) => {
                self.seen.tell(&result);
                Event::TestFinished { cell, result }
            }
            RunnerMessage::End { counts } => {
                self.seen.in_flight.clear();
                self.seen.totals = Some(counts);
                Event::CellTotals { cell, counts }
            }
            RunnerMessage::Notice { kind, message } => {
                let message = format!("{cell}: {message}");
                return self.emit.emit(Event::Notice(Notice::new(kind, message)));
            }
            // Nothing to tell, and no progress either: no test finished.
            other => return note(&mut self.seen, other),
        };
        self.progress += 1;
        self.emit.emit(event);
    }
}

/// Keeps for the verdict what is no event.
fn note(seen: &mut Seen, message: RunnerMessage) {
    match message {
        RunnerMessage::Waiting { tests } => seen.in_flight = tests,
        RunnerMessage::Hung { ref tests } => {
            if !tests.is_empty() {
                seen.in_flight.clone_from(tests);
            }
            seen.complaint = Some(message);
        }
        RunnerMessage::Crashed { .. }
        | RunnerMessage::Unready { .. }
        | RunnerMessage::Broken { .. } => seen.complaint = Some(message),
        RunnerMessage::Ended { .. } => seen.ended = Some(message),
        RunnerMessage::Full { path, free, inodes } => {
            starved(seen, Cause::NoSpace, full(path, free, inodes));
        }
        RunnerMessage::OutOfMemory { kills } => {
            let killed = format!("the kernel killed {}", plural(kills, "process"));
            starved(seen, Cause::OutOfMemory, killed);
        }
        RunnerMessage::Server { code, message } => {
            if let Some(cause) = server_trouble(&code) {
                let detail = format!("the database server: {message} ({code})");
                starved(seen, cause, detail);
            }
        }
        // Of a newer runner, or an event.
        _ => {}
    }
}

/// The first shortage counts: others may follow from it.
fn starved(seen: &mut Seen, cause: Cause, detail: String) {
    seen.starved.get_or_insert((cause, detail));
}

/// What the system said of a file system.
fn full(path: Option<String>, free: Option<u64>, inodes: Option<u64>) -> String {
    let place = path.unwrap_or_else(|| "a file system of the cell".to_owned());
    match (free, inodes) {
        (_, Some(inodes @ 0..16)) => format!("{place}: room for {inodes} more files"),
        (Some(free), _) => format!("{place}: {} free", bytes(free)),
        (None, _) => format!("{place}: no space left, the system said"),
    }
}
