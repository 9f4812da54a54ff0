use std::path::PathBuf;

use super::StoreError;
use super::line::{Packer, in_brief};
use super::log::LogWriter;
use super::names::NamesWriter;
use crate::event::{Envelope, Event};

/// Times that there was nothing to flush, after which a log is closed.
const IDLE: u32 = 5;

/// Writes the log of one cell.
pub struct CellLog {
    path: PathBuf,
    /// Open while something comes.
    log: Option<LogWriter>,
    idle: u32,
    packer: Packer,
    /// A test that began: worth a line if something else comes than its end.
    begun: Option<Envelope>,
    is_begun_long: bool,
}

impl CellLog {
    /// Appends to a log, which is opened when there is something to write.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            log: None,
            idle: 0,
            packer: Packer::default(),
            begun: None,
            is_begun_long: false,
        }
    }

    /// Whether it takes a file and a compressor's memory.
    pub const fn is_open(&self) -> bool {
        self.log.is_some()
    }

    /// Writes one event. `names` has the numbers of tests, as long as they can be
    /// kept.
    pub fn write(
        &mut self,
        envelope: &Envelope,
        names: Option<&mut NamesWriter>,
    ) -> Result<(), StoreError> {
        let mut names = names;
        match &envelope.event {
            Event::TestStarted { .. } => {
                self.write_begun(names)?;
                self.begun = Some(envelope.clone());
                self.is_begun_long = false;
                return Ok(());
            }
            Event::TestFinished { result, .. } => {
                let ended = self.begun.take_if(|begun| {
                    matches!(&begun.event, Event::TestStarted { test, .. } if *test == result.test)
                });
                if ended.is_none() {
                    self.write_begun(names.as_deref_mut())?;
                }
            }
            _ => self.write_begun(names.as_deref_mut())?,
        }
        let number = match (&envelope.event, names.as_deref_mut()) {
            // Of those that did not pass too: the list is all there were.
            (Event::TestFinished { result, .. }, Some(names)) => Some(names.number(&result.test)?),
            _ => None,
        };
        let brief = match (in_brief(&envelope.event), number) {
            (Some(result), Some(number)) => self.packer.brief(envelope, number, result.seconds),
            _ => None,
        };
        let line = brief.map_or_else(|| self.packer.whole(envelope), String::into_bytes);
        self.line(&line, names)
    }

    /// Lets others see what was written, and a test that has gone on for a while.
    pub fn flush(&mut self, names: Option<&mut NamesWriter>) -> Result<(), StoreError> {
        let mut names = names;
        if self.is_begun_long {
            self.write_begun(names.as_deref_mut())?;
        }
        self.is_begun_long = self.begun.is_some();
        match &mut self.log {
            Some(log) if log.is_unseen() => {
                self.idle = 0;
                if let Some(names) = names {
                    names.flush()?;
                }
                log.flush()
            }
            Some(_) if self.idle < IDLE => {
                self.idle += 1;
                Ok(())
            }
            _ => self.close(names),
        }
    }

    /// Ends what was written, so that the file can be closed.
    pub fn close(&mut self, names: Option<&mut NamesWriter>) -> Result<(), StoreError> {
        self.idle = 0;
        match self.log.take() {
            Some(log) => {
                if let Some(names) = names {
                    names.flush()?;
                }
                log.finish()
            }
            None => Ok(()),
        }
    }

    fn write_begun(&mut self, names: Option<&mut NamesWriter>) -> Result<(), StoreError> {
        match self.begun.take() {
            Some(begun) => {
                let line = self.packer.whole(&begun);
                self.line(&line, names)
            }
            None => Ok(()),
        }
    }

    fn line(&mut self, line: &[u8], names: Option<&mut NamesWriter>) -> Result<(), StoreError> {
        let log = match &mut self.log {
            Some(log) => log,
            closed => closed.insert(LogWriter::open(&self.path)?),
        };
        if log.is_full(line.len()) {
            // Numbers are seen after what they mean.
            if let Some(names) = names {
                names.flush()?;
            }
            log.flush()?;
        }
        log.write(line)
    }
}
