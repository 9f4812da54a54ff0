use std::path::Path;

use super::StoreError;
use super::line::{Packer, in_brief};
use super::log::LogWriter;
use super::names::NamesWriter;
use crate::event::{Envelope, Event};

/// Writes the log of one cell.
pub struct CellLog {
    log: LogWriter,
    packer: Packer,
    /// A test that began: worth a line if something else comes than its end.
    begun: Option<Envelope>,
    is_begun_long: bool,
}

impl CellLog {
    /// Appends to a log.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            log: LogWriter::open(path)?,
            packer: Packer::default(),
            begun: None,
            is_begun_long: false,
        })
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
        if self.log.is_unseen() {
            if let Some(names) = names {
                names.flush()?;
            }
            self.log.flush()?;
        }
        Ok(())
    }

    pub fn finish(self) -> Result<(), StoreError> {
        self.log.finish()
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
        if self.log.is_full(line.len()) {
            // Numbers are seen after what they mean.
            if let Some(names) = names {
                names.flush()?;
            }
            self.log.flush()?;
        }
        self.log.write(line)
    }
}
