use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ffi::OsString;
use std::path::PathBuf;

use super::line::Unpacker;
use super::names::Names;
use super::tail::Tail;
use super::{Liveness, State, StoreError, paths};
use crate::event::{Envelope, Event};
use crate::model::{CellName, RunId};

/// The events of a run in their order, from any point on, while it goes on and
/// after. Any number of processes may follow one.
///
/// What is not kept is left out: lines of image builds, which are in files of their
/// own, and starts of tests that ended at once.
pub struct Follow {
    state: State,
    run: RunId,
    folder: PathBuf,
    after: u64,
    only: Option<CellName>,
    names: Names,
    own: Source,
    cells: HashMap<OsString, CellName>,
    open: BTreeMap<OsString, Source>,
    /// The first event of each log that has one: its place, its time, the log's file
    /// or none for the run's own.
    heads: BTreeSet<(u64, u64, Option<OsString>)>,
    /// Up to here all logs are complete.
    complete: u64,
    /// Events that carry no place are counted.
    counted: u64,
    round: Round,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// The next event has to be looked for in the files.
    New,
    /// There are files to be read, of a run that went on when it was asked.
    Going,
    /// There are files to be read, of a run that has ended.
    Last,
    /// Nothing will come.
    Over,
}

struct Source {
    path: PathBuf,
    tail: Tail,
    unpacker: Unpacker,
    read: VecDeque<Envelope>,
}

impl Source {
    fn new(path: PathBuf) -> Self {
        Self {
            tail: Tail::new(path.clone()),
            path,
            unpacker: Unpacker::default(),
            read: VecDeque::new(),
        }
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        self.tail.next().map_err(StoreError::io(&self.path))
    }

    /// Reads on until there is an event, or nothing more.
    fn fill(&mut self, cell: &CellName, names: &mut Names) -> Result<(), StoreError> {
        while self.read.is_empty() {
            let Some(line) = self.line()? else { break };
            self.read.extend(self.unpacker.event(&line, cell, names));
        }
        Ok(())
    }

    fn head(&self, file: Option<&OsString>) -> Option<(u64, u64, Option<OsString>)> {
        let envelope = self.read.front()?;
        Some((envelope.seq, envelope.at, file.cloned()))
    }
}

impl Follow {
    /// Follows a run from behind the event at this place; 0 is the beginning.
    pub fn new(state: &State, run: &RunId, after: u64) -> Self {
        let folder = state.run_folder(run);
        Self {
            state: state.clone(),
            run: run.clone(),
            after,
            only: None,
            names: Names::new(&folder),
            own: Source::new(paths::events(&folder)),
            cells: HashMap::new(),
            open: BTreeMap::new(),
            heads: BTreeSet::new(),
            complete: 0,
            counted: 0,
            round: Round::New,
            folder,
        }
    }

    /// Follows one cell and the run as a whole, and reads no other logs.
    #[must_use]
    pub fn only(mut self, cell: CellName) -> Self {
        self.only = Some(cell);
        self
    }

    /// The next event that is there; `None` when there is none now.
    ///
    /// # Errors
    /// When the run's logs cannot be read.
    pub fn read(&mut self) -> Result<Option<Envelope>, StoreError> {
        loop {
            if self.round == Round::Over {
                return Ok(None);
            }
            if self.round == Round::New {
                self.look()?;
            }
            let Some(mut envelope) = self.least()? else {
                self.round = match self.round {
                    Round::Last => Round::Over,
                    _ => Round::New,
                };
                return Ok(None);
            };
            self.counted += 1;
            if envelope.seq == 0 {
                envelope.seq = self.counted;
            }
            if envelope.seq > self.after {
                self.after = envelope.seq;
                return Ok(Some(envelope));
            }
        }
    }

    /// Whether nothing will come any more.
    pub fn has_ended(&self) -> bool {
        self.round == Round::Over
    }

    /// Looks what is there. The run is asked before its files are read: what a dead
    /// one wrote is all there.
    fn look(&mut self) -> Result<(), StoreError> {
        self.state.check()?;
        let is_dead = self.state.liveness(&self.run) == Liveness::Dead;
        self.round = if is_dead { Round::Last } else { Round::Going };
        while let Some(line) = self.own.line()? {
            if let Ok([complete]) = serde_json::from_slice::<[u64; 1]>(&line) {
                self.complete = complete;
                continue;
            }
            let Some(envelope) = self.own.unpacker.whole(&line) else {
                continue;
            };
            match &envelope.event {
                Event::RunStarted(started) => {
                    for cell in &started.cells {
                        let name = cell.name();
                        let path = paths::cell(&self.folder, &name);
                        if let Some(file) = path.file_name() {
                            self.cells.insert(file.to_owned(), name);
                        }
                    }
                }
                // It is written after all others.
                Event::RunFinished { .. } => self.round = Round::Last,
                _ => {}
            }
            self.own.read.push_back(envelope);
        }
        self.open_new();
        self.heads.extend(self.own.head(None));
        for (file, source) in &mut self.open {
            if let Some(cell) = self.cells.get(file) {
                source.fill(cell, &mut self.names)?;
            }
            self.heads.extend(source.head(Some(file)));
        }
        Ok(())
    }

    fn open_new(&mut self) {
        let folder = self.folder.join("cells");
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let file = entry.file_name();
            let is_wanted = self
                .cells
                .get(&file)
                .is_some_and(|cell| self.only.as_ref().is_none_or(|only| only == cell));
            if is_wanted {
                self.open
                    .entry(file)
                    .or_insert_with(|| Source::new(entry.path()));
            }
        }
    }

    /// The event that comes first, if all before it are known. A log that has no more
    /// is asked again in the next round.
    fn least(&mut self) -> Result<Option<Envelope>, StoreError> {
        let is_known = |seq| seq <= self.complete || self.round == Round::Last;
        if !self.heads.first().is_some_and(|(seq, _, _)| is_known(*seq)) {
            return Ok(None);
        }
        let Some((_, _, file)) = self.heads.pop_first() else {
            return Ok(None);
        };
        let Some(file) = file else {
            let envelope = self.own.read.pop_front();
            self.heads.extend(self.own.head(None));
            return Ok(envelope);
        };
        let (Some(source), Some(cell)) = (self.open.get_mut(&file), self.cells.get(&file)) else {
            return Ok(None);
        };
        let envelope = source.read.pop_front();
        source.fill(cell, &mut self.names)?;
        self.heads.extend(source.head(Some(&file)));
        Ok(envelope)
    }
}
