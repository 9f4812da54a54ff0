use std::ops::ControlFlow;
use std::path::Path;

use super::line::Unpacker;
use super::names::Names;
use super::tail::Tail;
use super::{State, StoreError, paths};
use crate::event::{Envelope, Event, Summary};
use crate::model::{CellName, RunId};

impl State {
    /// What a run came to, or has come to so far: as it was written down at the end,
    /// else folded from its logs.
    ///
    /// # Errors
    /// When there is no such run or it cannot be read.
    pub fn summary(&self, run: &RunId) -> Result<Summary, StoreError> {
        self.check()?;
        let path = paths::summary(&self.run_folder(run));
        let written = std::fs::read(&path).ok();
        match written.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            Some(summary) => Ok(summary),
            None => self.replay(run),
        }
    }

    /// The summary of a recorded run, folded again from its events.
    ///
    /// # Errors
    /// When there is no such run or its logs cannot be read.
    pub fn replay(&self, run: &RunId) -> Result<Summary, StoreError> {
        self.check()?;
        let folder = self.run_folder(run);
        let mut summary = begin(&folder)?;
        let cells: Vec<CellName> = summary.cells.iter().map(|c| c.name.clone()).collect();
        let mut names = Names::new(&folder);
        for cell in cells {
            cell_events(&folder, &cell, &mut names, |envelope| {
                // A log is of one cell, whatever stands in it.
                if envelope.event.cell() == Some(&cell) {
                    summary.apply(&envelope.event);
                }
            })?;
        }
        Ok(summary)
    }

    /// Calls `each` with every event of a cell that is there now.
    ///
    /// # Errors
    /// When its log cannot be read; one that is not there has no events.
    pub fn each(
        &self,
        run: &RunId,
        cell: &CellName,
        each: impl FnMut(Envelope),
    ) -> Result<(), StoreError> {
        self.check()?;
        let folder = self.run_folder(run);
        cell_events(&folder, cell, &mut Names::new(&folder), each)
    }

    /// The same, until it is told to break off: of a long log the beginning may do.
    ///
    /// # Errors
    /// When its log cannot be read; one that is not there has no events.
    pub fn each_until(
        &self,
        run: &RunId,
        cell: &CellName,
        each: impl FnMut(Envelope) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.check()?;
        let folder = self.run_folder(run);
        cell_events_until(&folder, cell, &mut Names::new(&folder), each)
    }

    /// Calls `each` with every event of the run as a whole that is there now.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn each_of_run(&self, run: &RunId, each: impl FnMut(Envelope)) -> Result<(), StoreError> {
        self.check()?;
        run_events(&self.run_folder(run), each)
    }
}

/// The summary as the run's own log has it.
fn begin(folder: &Path) -> Result<Summary, StoreError> {
    let mut summary: Option<Summary> = None;
    run_events(folder, |envelope| match &mut summary {
        None => summary = Summary::begin(&envelope),
        // Of cells it says nothing.
        Some(_) if envelope.event.cell().is_some() => {}
        Some(summary) => summary.apply(&envelope.event),
    })?;
    summary.ok_or_else(|| StoreError::NoRun(folder.to_owned()))
}

fn cell_events(
    folder: &Path,
    cell: &CellName,
    names: &mut Names,
    mut each: impl FnMut(Envelope),
) -> Result<(), StoreError> {
    cell_events_until(folder, cell, names, |envelope| {
        each(envelope);
        ControlFlow::Continue(())
    })
}

fn cell_events_until(
    folder: &Path,
    cell: &CellName,
    names: &mut Names,
    mut each: impl FnMut(Envelope) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let path = paths::cell(folder, cell);
    let (mut tail, mut unpacker) = (Tail::new(path.clone()), Unpacker::default());
    while let Some(line) = tail.next().map_err(StoreError::io(&path))? {
        if let Some(envelope) = unpacker.event(&line, cell, names)
            && each(envelope).is_break()
        {
            break;
        }
    }
    Ok(())
}

fn run_events(folder: &Path, mut each: impl FnMut(Envelope)) -> Result<(), StoreError> {
    let path = paths::events(folder);
    let mut tail = Tail::new(path.clone());
    while let Some(line) = tail.next().map_err(StoreError::io(&path))? {
        if let Ok(envelope) = serde_json::from_slice::<Envelope>(&line) {
            let is_end = matches!(envelope.event, Event::RunFinished { .. });
            each(envelope);
            if is_end {
                break;
            }
        }
    }
    Ok(())
}
