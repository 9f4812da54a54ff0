use std::time::Duration;

use tokio::time::Instant;

use super::Emitter;
use super::images::keep_tail;
use super::lines::Lines;
use super::verdict::Seen;
use crate::event::{Event, MAX_LINE, PROTOCOL, RunnerMessage};
use crate::model::{CellName, Phase};
use crate::runtime::Output;

/// Longest line of the human log that is kept.
const LOG_LINE: usize = 16 * 1024;

/// Turns a cell's bytes into events, and remembers what a verdict needs.
pub struct Reader<'a> {
    emit: &'a Emitter,
    cell: CellName,
    stdout: Lines,
    stderr: Lines,
    /// Bytes taken so far.
    pub bytes: u64,
    /// When a test finished last.
    pub progress: Instant,
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
            bytes: 0,
            progress: Instant::now(),
            seen: Seen::default(),
        }
    }

    /// Takes some output of the cell.
    pub async fn take(&mut self, output: Output) {
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

    /// Takes what is left when the output has ended.
    pub async fn finish(&mut self) {
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
            self.seen.no_space.get_or_insert_with(|| line.clone());
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

    /// What is told of a cell in which no test finishes.
    pub fn hung(&self, quiet: Duration) -> String {
        let seconds = quiet.as_secs();
        match &self.seen.in_flight {
            Some(test) => format!("{test} did not finish in {seconds} s"),
            None => format!("no test finished in {seconds} s"),
        }
    }
}
