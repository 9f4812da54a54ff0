use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::log::{LogWriter, read};
use super::{State, StoreError};
use crate::event::{Envelope, Event, Summary};
use crate::model::{CellName, RunId};

/// Writes a run's events as they happen, and its summary at the end.
pub struct Recorder {
    folder: PathBuf,
    run: LogWriter,
    cells: HashMap<CellName, LogWriter>,
    images: HashMap<String, File>,
}

impl Recorder {
    /// A recorder for a run that is about to begin.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn new(state: &State, run: &RunId) -> Result<Self, StoreError> {
        let folder = state.run_folder(run);
        Ok(Self {
            run: LogWriter::open(folder.join("events.jsonl.zst"))?,
            folder,
            cells: HashMap::new(),
            images: HashMap::new(),
        })
    }

    /// Where the whole log of an image's build is.
    pub fn image_log(folder: &Path, image: &str) -> PathBuf {
        folder
            .join("images")
            .join(format!("{}.log", file_name(image)))
    }

    /// Writes one event.
    ///
    /// # Errors
    /// When its log cannot be written.
    pub fn record(&mut self, envelope: &Envelope) -> Result<(), StoreError> {
        match &envelope.event {
            Event::ImageLog { image, line, .. } => self.image_line(image, line),
            Event::CellFinished { cell, .. } => {
                self.cell_log(cell)?.write(envelope)?;
                match self.cells.remove(cell) {
                    Some(log) => log.finish(),
                    None => Ok(()),
                }
            }
            event => match event.cell() {
                Some(cell) => self.cell_log(cell)?.write(envelope),
                None => self.run.write(envelope),
            },
        }
    }

    /// Makes what was recorded readable for others.
    ///
    /// # Errors
    /// When it cannot be written.
    #[allow(clippy::unnecessary_wraps)]
    pub fn tick(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Closes the logs and writes the summary, whole or not at all.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish(self, summary: &Summary) -> Result<(), StoreError> {
        for log in self.cells.into_values() {
            log.finish()?;
        }
        self.run.finish()?;
        let path = self.folder.join("summary.json");
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            serde_json::to_writer(&mut file, summary)?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(StoreError::io(&path))
    }

    fn cell_log(&mut self, cell: &CellName) -> Result<&mut LogWriter, StoreError> {
        if !self.cells.contains_key(cell) {
            let path = cell_path(&self.folder, cell);
            self.cells.insert(cell.clone(), LogWriter::open(path)?);
        }
        self.cells
            .get_mut(cell)
            .ok_or_else(|| StoreError::NoRun(self.folder.clone()))
    }

    fn image_line(&mut self, image: &str, line: &str) -> Result<(), StoreError> {
        let path = Self::image_log(&self.folder, image);
        let file = match self.images.entry(image.to_owned()) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let create = || -> std::io::Result<File> {
                    std::fs::create_dir_all(self.folder.join("images"))?;
                    File::create(&path)
                };
                entry.insert(create().map_err(StoreError::io(&path))?)
            }
        };
        writeln!(file, "{line}").map_err(StoreError::io(&path))
    }
}

impl State {
    /// The summary of a recorded run, folded again from its events.
    ///
    /// # Errors
    /// When there is no such run or its logs cannot be read.
    pub fn replay(&self, run: &RunId) -> Result<Summary, StoreError> {
        let folder = self.run_folder(run);
        let mut summary: Option<Summary> = None;
        let mut apply = |envelope: Envelope| match &mut summary {
            None => summary = Summary::begin(&envelope),
            Some(summary) => summary.apply(&envelope.event),
        };
        read(&folder.join("events.jsonl.zst"), &mut apply)?;
        let Some(mut summary) = summary else {
            return Err(StoreError::NoRun(folder));
        };
        let cells: Vec<CellName> = summary.cells.iter().map(|c| c.cell.name()).collect();
        for cell in cells {
            let path = cell_path(&folder, &cell);
            if path.exists() {
                read(&path, |envelope| summary.apply(&envelope.event))?;
            }
        }
        Ok(summary)
    }
}

fn cell_path(folder: &Path, cell: &CellName) -> PathBuf {
    let name = file_name(cell.as_str());
    folder.join("cells").join(format!("{name}.jsonl.zst"))
}

/// A name as file systems allow it; distinct names stay distinct.
fn file_name(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
            safe.push(c);
        } else {
            safe.push_str(&format!("%{:02x}", c as u32));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{RunStarted, TestResult};
    use crate::model::{Cell, Counts, Outcome, TestOutcome};

    fn events() -> Vec<Event> {
        let cell = Cell {
            branch: "stable/6.1.x".into(),
            python: "3.14".parse().expect("a literal"),
            database: "sqlite".parse().expect("a literal"),
            variant: None,
        };
        let name = cell.name();
        vec![
            Event::RunStarted(Box::new(RunStarted {
                run: RunId::new("r"),
                djbuild: "0".into(),
                revisions: vec![],
                cells: vec![cell],
                excluded: vec![],
                arguments: vec![],
                flags: vec![],
                matrix: "quick".into(),
                jobs: 1,
            })),
            Event::CellStarted {
                cell: name.clone(),
                attempt: 1,
                parallel: 1,
            },
            Event::TestFinished {
                cell: name.clone(),
                result: TestResult {
                    test: "a.B.c".into(),
                    outcome: TestOutcome::Failed,
                    seconds: 0.25,
                    subtest: None,
                    extra: false,
                    reason: None,
                    traceback: Some("Traceback".into()),
                },
            },
            Event::CellTotals {
                cell: name.clone(),
                counts: Counts {
                    tests: 1,
                    failures: 1,
                    ..Counts::default()
                },
            },
            Event::CellFinished {
                cell: name,
                outcome: Outcome::Failed,
                cause: None,
                detail: String::new(),
                log: Vec::new(),
                seconds: 1.5,
            },
            Event::RunFinished {
                seconds: 2.0,
                interrupted: false,
            },
        ]
    }

    #[test]
    fn a_replayed_run_has_the_same_summary() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::new(folder.path().to_owned());
        let run = RunId::new("r");
        let mut recorder = Recorder::new(&state, &run).expect("writable");
        let mut summary: Option<Summary> = None;
        for (at, event) in events().into_iter().enumerate() {
            let envelope = Envelope {
                seq: at as u64 + 1,
                at: at as u64,
                event,
            };
            recorder.record(&envelope).expect("writable");
            match &mut summary {
                None => summary = Summary::begin(&envelope),
                Some(summary) => summary.apply(&envelope.event),
            }
        }
        let summary = summary.expect("a run began");
        recorder.finish(&summary).expect("writable");
        assert_eq!(state.replay(&run).expect("readable"), summary);
    }

    #[test]
    fn names_with_slashes_stay_inside_the_folder_and_distinct() {
        assert_eq!(file_name("stable/6.1.x"), "stable%2f6.1.x");
        assert_ne!(file_name("a/b"), file_name("a-b"));
    }
}
