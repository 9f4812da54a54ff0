use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use zstd::stream::raw::CParameter;

use super::StoreError;
use crate::event::Envelope;

/// Fast, and small in memory: a run keeps one open per running cell.
const LEVEL: i32 = 1;
const WINDOW_LOG: u32 = 17;

/// Writes events, one JSON object per line, compressed.
pub struct LogWriter {
    path: PathBuf,
    encoder: zstd::Encoder<'static, File>,
}

impl LogWriter {
    /// Appends to a log; what an earlier writer finished stays readable.
    pub fn open(path: PathBuf) -> Result<Self, StoreError> {
        let open = || -> std::io::Result<_> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let file = OpenOptions::new().create(true).append(true).open(&path)?;
            let mut encoder = zstd::Encoder::new(file, LEVEL)?;
            encoder.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
            Ok(encoder)
        };
        match open() {
            Ok(encoder) => Ok(Self { path, encoder }),
            Err(error) => Err(StoreError::Io { path, error }),
        }
    }

    pub fn write(&mut self, envelope: &Envelope) -> Result<(), StoreError> {
        let write = |encoder: &mut zstd::Encoder<'_, File>| -> std::io::Result<()> {
            serde_json::to_writer(&mut *encoder, envelope)?;
            encoder.write_all(b"\n")
        };
        write(&mut self.encoder).map_err(StoreError::io(&self.path))
    }

    pub fn finish(self) -> Result<(), StoreError> {
        let path = self.path;
        self.encoder
            .finish()
            .map(|_| ())
            .map_err(StoreError::io(path))
    }
}

/// Calls `each` with every event of a log. A log that a killed run left
/// unfinished ends where it ends.
pub fn read(path: &Path, mut each: impl FnMut(Envelope)) -> Result<(), StoreError> {
    let file = File::open(path).map_err(StoreError::io(path))?;
    let decoder = zstd::Decoder::new(file).map_err(StoreError::io(path))?;
    let mut lines = BufReader::new(decoder);
    let mut line = Vec::new();
    loop {
        line.clear();
        match lines.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(StoreError::io(path)(error)),
        }
        if let Ok(envelope) = serde_json::from_slice(&line) {
            each(envelope);
        }
    }
}
