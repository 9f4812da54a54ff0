use std::collections::HashMap;
use std::io::Write;

use super::line::{gauge, line};
use super::{Detail, Progress};
use crate::event::{Envelope, Event, Summary};
use crate::model::CellName;

/// Milliseconds between two lines on a cell in which nothing else happens.
const HEARTBEAT: u64 = 30_000;

/// A line per change of state and a heartbeat, for logs and pipes.
pub struct Plain<W> {
    out: W,
    detail: Detail,
    running: HashMap<CellName, u64>,
    last: u64,
}

impl<W: Write + Send> Plain<W> {
    /// Lines to `out`.
    pub fn new(out: W, detail: Detail) -> Self {
        Self {
            out,
            detail,
            running: HashMap::new(),
            last: 0,
        }
    }
}

impl<W: Write + Send> Progress for Plain<W> {
    fn show(&mut self, envelope: &Envelope, summary: &Summary) -> std::io::Result<()> {
        match &envelope.event {
            Event::CellStarted { cell, .. } => {
                self.running.insert(cell.clone(), envelope.at);
            }
            Event::CellFinished { cell, .. } => {
                self.running.remove(cell);
            }
            _ => {}
        }
        if let Some(line) = line(envelope, summary, self.detail) {
            self.last = envelope.at;
            writeln!(self.out, "{}: {}", line.who, line.what)?;
        }
        Ok(())
    }

    fn tick(&mut self, now: u64, summary: &Summary) -> std::io::Result<()> {
        if self.detail == Detail::Quiet || now.saturating_sub(self.last) < HEARTBEAT {
            return Ok(());
        }
        self.last = now;
        for cell in &summary.cells {
            if let Some(began) = self.running.get(&cell.cell.name()) {
                #[allow(clippy::cast_precision_loss)]
                let seconds = now.saturating_sub(*began) as f64 / 1000.0;
                writeln!(self.out, "{}: {}", cell.cell, gauge(cell, seconds))?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
