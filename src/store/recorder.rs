use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::cell_log::CellLog;
use super::log::LogWriter;
use super::names::NamesWriter;
use super::private::{make_folder, options};
use super::usage::bytes_of;
use super::{History, State, StoreError, paths};
use crate::event::{Envelope, Event, Summary};
use crate::model::{CellName, RunId};

/// Logs of cells that are open at once; there may be more cells than a process may
/// open files.
const OPEN: usize = 200;

/// Writes a run's events as they happen, each cell into the index when it ends, and
/// the summary at the end. What is killed at any moment loses no finished cell.
///
/// What cannot be kept is told once; the rest is kept all the same, and a log that
/// failed is tried again when its cell begins again.
pub struct Recorder {
    folder: PathBuf,
    history_file: PathBuf,
    history: Option<History>,
    run: Option<LogWriter>,
    names: Option<NamesWriter>,
    cells: HashMap<CellName, CellLog>,
    /// Cells of which no more can be kept for now.
    lost: HashSet<CellName>,
    images: HashMap<String, File>,
    summary: Option<Summary>,
    /// The place of the last event, and of the last that others were told they see.
    last: u64,
    seen: u64,
    trouble: Trouble,
}

/// What could not be kept.
#[derive(Default)]
struct Trouble {
    first: Option<StoreError>,
    is_told: bool,
}

impl Trouble {
    fn note(&mut self, result: Result<(), StoreError>) -> bool {
        let is_well = result.is_ok();
        if let (Err(error), None) = (result, &self.first) {
            self.first = Some(error);
        }
        is_well
    }

    /// The first of all, once.
    fn tell(&mut self) -> Result<(), StoreError> {
        match self.first.take() {
            Some(error) if !self.is_told => {
                self.is_told = true;
                Err(StoreError::Incomplete {
                    error: Box::new(error),
                })
            }
            _ => Ok(()),
        }
    }
}

impl Recorder {
    /// A recorder for a run that is about to begin.
    ///
    /// # Errors
    /// When the state folder cannot be written, or is a newer djbuild's.
    pub fn new(state: &State, run: &RunId) -> Result<Self, StoreError> {
        state.prepare()?;
        let folder = state.run_folder(run);
        let mut trouble = Trouble::default();
        let history_file = state.history_file();
        let history = match History::open(&history_file) {
            Ok(history) => Some(history),
            Err(error @ StoreError::Newer { .. }) => return Err(error),
            // The folder is the truth; the index can be made again.
            Err(error) => {
                trouble.note(Err(error));
                None
            }
        };
        Ok(Self {
            run: Some(LogWriter::open(&paths::events(&folder))?),
            names: Some(NamesWriter::open(&folder)?),
            folder,
            history_file,
            history,
            cells: HashMap::new(),
            lost: HashSet::new(),
            images: HashMap::new(),
            summary: None,
            last: 0,
            seen: 0,
            trouble,
        })
    }

    /// Where the whole log of an image's build is.
    pub fn image_log(folder: &Path, image: &str) -> PathBuf {
        paths::image(folder, image)
    }

    /// Writes one event.
    ///
    /// # Errors
    /// The first time that something cannot be kept; it is no reason to stop.
    pub fn record(&mut self, envelope: &Envelope) -> Result<(), StoreError> {
        match &mut self.summary {
            None => self.summary = Summary::begin(envelope),
            Some(summary) => summary.apply(&envelope.event),
        }
        self.last = envelope.seq.max(self.last);
        match &envelope.event {
            Event::ImageLog { image, line, .. } => {
                let written = self.image_line(image, line);
                self.trouble.note(written);
            }
            Event::RunFinished { .. } => {
                self.flush_cells();
                self.write_run(envelope);
                self.flush_run();
            }
            event => match event.cell() {
                Some(cell) => self.write_cell(&cell.clone(), envelope),
                None => self.write_run(envelope),
            },
        }
        self.index(&envelope.event);
        self.trouble.tell()
    }

    /// Lets others see what was written; to be called about once a second.
    ///
    /// # Errors
    /// The first time that something cannot be kept; it is no reason to stop.
    pub fn tick(&mut self) -> Result<(), StoreError> {
        self.flush_cells();
        if self.last > self.seen
            && let Some(run) = &mut self.run
        {
            // Whoever merges the logs knows by this what is complete in all of them.
            self.seen = self.last;
            let marked = run.write(format!("[{}]", self.last).as_bytes());
            self.keep_run(marked);
        }
        self.flush_run();
        self.trouble.tell()
    }

    /// Closes the logs and writes the summary, whole or not at all.
    ///
    /// # Errors
    /// When the summary cannot be written, or anything could not be kept and it was
    /// not told before.
    pub fn finish(mut self, summary: &Summary) -> Result<(), StoreError> {
        self.close_cells();
        if let Some(names) = self.names.take() {
            let finished = names.finish();
            self.trouble.note(finished);
        }
        if let Some(run) = self.run.take() {
            let finished = run.finish();
            self.trouble.note(finished);
        }
        let path = paths::summary(&self.folder);
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            let mut buffer = std::io::BufWriter::new(&mut file);
            serde_json::to_writer(&mut buffer, summary)?;
            buffer.flush()?;
            drop(buffer);
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(StoreError::io(&path))?;
        let bytes = bytes_of(&self.folder);
        let history = match self.history.take() {
            Some(history) => Ok(history),
            None => History::open(&self.history_file),
        };
        let indexed = history.and_then(|mut history| {
            history.add(summary)?;
            history.note_bytes(&summary.started.run, bytes)
        });
        self.trouble.note(indexed);
        self.trouble.tell()
    }

    fn write_run(&mut self, envelope: &Envelope) {
        if let Some(run) = &mut self.run {
            // Plain data with string keys: nothing in it can fail.
            let line = serde_json::to_vec(envelope).unwrap_or_default();
            let written = if run.is_full(line.len()) {
                run.flush().and_then(|()| run.write(&line))
            } else {
                run.write(&line)
            };
            let is_first = matches!(envelope.event, Event::RunStarted(_));
            let flushed = written.and_then(|()| if is_first { run.flush() } else { Ok(()) });
            self.keep_run(flushed);
        }
    }

    fn write_cell(&mut self, cell: &CellName, envelope: &Envelope) {
        if matches!(envelope.event, Event::CellStarted { .. }) {
            self.lost.remove(cell);
        }
        if self.lost.contains(cell) {
            return;
        }
        let is_open = self.cells.get(cell).is_some_and(CellLog::is_open);
        if !is_open && self.cells.values().filter(|log| log.is_open()).count() >= OPEN {
            self.close_cells();
        }
        let log = self
            .cells
            .entry(cell.clone())
            .or_insert_with(|| CellLog::new(paths::cell(&self.folder, cell)));
        let mut written = log.write(envelope, self.names.as_mut());
        if matches!(envelope.event, Event::CellFinished { .. }) {
            written = written.and_then(|()| log.close(self.names.as_mut()));
            self.cells.remove(cell);
        }
        if let Err(error) = written {
            self.lose(cell, error);
        }
    }

    /// No more is kept of a cell, and numbers of tests are given out no more: the
    /// names behind them may be what failed.
    fn lose(&mut self, cell: &CellName, error: StoreError) {
        self.cells.remove(cell);
        self.lost.insert(cell.clone());
        self.names = None;
        self.trouble.note(Err(error));
    }

    fn flush_cells(&mut self) {
        self.each_cell(CellLog::flush);
    }

    fn close_cells(&mut self) {
        self.each_cell(CellLog::close);
    }

    fn each_cell(
        &mut self,
        work: impl Fn(&mut CellLog, Option<&mut NamesWriter>) -> Result<(), StoreError>,
    ) {
        let mut failed = Vec::new();
        for (cell, log) in &mut self.cells {
            if let Err(error) = work(log, self.names.as_mut()) {
                failed.push((cell.clone(), error));
            }
        }
        for (cell, error) in failed {
            self.lose(&cell, error);
        }
    }

    fn flush_run(&mut self) {
        if let Some(run) = &mut self.run {
            let flushed = run.flush();
            self.keep_run(flushed);
        }
    }

    fn keep_run(&mut self, written: Result<(), StoreError>) {
        if !self.trouble.note(written) {
            self.run = None;
        }
    }

    fn image_line(&mut self, image: &str, line: &str) -> Result<(), StoreError> {
        let path = Self::image_log(&self.folder, image);
        let file = match self.images.entry(image.to_owned()) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let create = || -> std::io::Result<File> {
                    make_folder(&self.folder.join("images"))?;
                    options()
                        .write(true)
                        .create(true)
                        .truncate(true)
                        .open(&path)
                };
                entry.insert(create().map_err(StoreError::io(&path))?)
            }
        };
        writeln!(file, "{line}").map_err(StoreError::io(&path))
    }

    /// A run is in the index when it begins, and each cell when it ends.
    fn index(&mut self, event: &Event) {
        let (Some(history), Some(summary)) = (&mut self.history, &self.summary) else {
            return;
        };
        let noted = match event {
            Event::RunStarted(_) => history.add(summary),
            Event::CellFinished { cell, .. } => {
                let ended = summary.cells.iter().find(|known| known.name == *cell);
                ended.map_or(Ok(()), |ended| {
                    history.add_cell(&summary.started.run, ended)
                })
            }
            _ => return,
        };
        self.trouble.note(noted);
    }
}
