use serde::Serialize;

use super::{State, StoreError};
use crate::event::{Event, TestResult};
use crate::model::{CellName, Phase, RunId};

/// Slow tests that are told.
const SLOWEST: usize = 10;

/// What the log of a cell has beside its summary: its last attempt.
#[derive(Debug, Default, Serialize)]
pub struct CellDetail {
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub began: Option<u64>,
    /// Its phases as they came, each with the seconds it took; of the last, while it
    /// goes on, those up to its last event.
    pub phases: Vec<PhaseTime>,
    /// The tests that took longest, the slowest first.
    pub slowest: Vec<TestResult>,
    /// Tests that began and have not ended.
    pub running: Vec<String>,
}

/// How long a cell was in a phase.
#[derive(Debug, Serialize)]
pub struct PhaseTime {
    /// Which.
    pub phase: Phase,
    /// Seconds.
    pub seconds: f64,
    #[serde(skip)]
    began: u64,
}

impl State {
    /// What the log of a cell has beside its summary.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn detail(&self, run: &RunId, cell: &CellName) -> Result<CellDetail, StoreError> {
        let mut detail = CellDetail::default();
        self.each(run, cell, |envelope| {
            if matches!(envelope.event, Event::CellStarted { .. }) {
                detail = CellDetail {
                    began: Some(envelope.at),
                    // Its images were made ready before it began.
                    phases: std::mem::take(&mut detail.phases),
                    ..CellDetail::default()
                };
            }
            if let Some(last) = detail.phases.last_mut() {
                #[allow(clippy::cast_precision_loss)]
                let seconds = envelope.at.saturating_sub(last.began) as f64 / 1000.0;
                last.seconds = seconds;
            }
            match envelope.event {
                Event::CellPhase { phase, .. } => {
                    // What comes again is of another attempt.
                    if detail.phases.last().is_some_and(|last| phase <= last.phase) {
                        detail.phases.clear();
                    }
                    detail.phases.push(PhaseTime {
                        phase,
                        seconds: 0.0,
                        began: envelope.at,
                    });
                }
                Event::TestStarted { test, .. } => detail.running.push(test),
                Event::TestFinished { result, .. } => {
                    detail.running.retain(|test| *test != result.test);
                    detail.consider(result);
                }
                Event::CellFinished { .. } => detail.running.clear(),
                _ => {}
            }
        })?;
        Ok(detail)
    }
}

impl CellDetail {
    fn consider(&mut self, result: TestResult) {
        let place = self
            .slowest
            .partition_point(|slow| slow.seconds >= result.seconds);
        if place < SLOWEST {
            self.slowest.insert(place, result);
            self.slowest.truncate(SLOWEST);
        }
    }
}
