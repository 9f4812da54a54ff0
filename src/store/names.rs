use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::log::LogWriter;
use super::tail::Tail;

/// The ids of a run's tests, each once: cells share most, and in their logs a
/// test that passed is its number here.
pub fn file(folder: &Path) -> PathBuf {
    folder.join("tests.jsonl.zst")
}

/// Numbers tests, and writes their ids.
pub struct NamesWriter {
    numbers: HashMap<String, i64>,
    log: LogWriter,
}

impl NamesWriter {
    /// For a run that begins.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            numbers: HashMap::new(),
            log: LogWriter::open(&file(folder))?,
        })
    }

    /// A test's number.
    pub fn number(&mut self, test: &str) -> Result<i64, StoreError> {
        if let Some(number) = self.numbers.get(test) {
            return Ok(*number);
        }
        let line = serde_json::Value::from(test).to_string();
        if self.log.is_full(line.len()) {
            self.log.flush()?;
        }
        self.log.write(line.as_bytes())?;
        let number = i64::try_from(self.numbers.len()).unwrap_or(i64::MAX);
        self.numbers.insert(test.to_owned(), number);
        Ok(number)
    }

    /// Lets others see the ids; before they see numbers.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        self.log.flush()
    }

    pub fn finish(self) -> Result<(), StoreError> {
        self.log.finish()
    }
}

/// Reads the ids again.
pub struct Names {
    tail: Tail,
    known: Vec<String>,
}

impl Names {
    pub fn new(folder: &Path) -> Self {
        Self {
            tail: Tail::new(file(folder)),
            known: Vec::new(),
        }
    }

    /// The id of a test.
    pub fn get(&mut self, number: i64) -> Option<&str> {
        let index = usize::try_from(number).ok()?;
        if index >= self.known.len() {
            self.read();
        }
        self.known.get(index).map(String::as_str)
    }

    /// All ids that are there now, by number.
    pub fn all(&mut self) -> &[String] {
        self.read();
        &self.known
    }

    fn read(&mut self) {
        while let Ok(Some(line)) = self.tail.next() {
            // A line that is none keeps its number.
            self.known
                .push(serde_json::from_slice(&line).unwrap_or_default());
        }
    }
}
