use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use zstd::stream::raw::CParameter;

use super::StoreError;
use super::private::{make_folder, options};

/// Fast, and small in memory: a run keeps one open per running cell.
const LEVEL: i32 = 3;
const WINDOW_LOG: u32 = 17;
/// Bytes that may be written without others seeing them. Below the 128 KB after
/// which zstd ends a block by itself: nothing reaches the file unasked.
pub const UNSEEN: usize = 96 * 1024;

/// Writes lines, compressed.
pub struct LogWriter {
    path: PathBuf,
    encoder: zstd::Encoder<'static, File>,
    unseen: usize,
    /// How long the file was when everything in it was whole.
    whole: u64,
}

impl LogWriter {
    /// Appends to a log; what an earlier writer finished stays readable.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let open = || -> io::Result<_> {
            if let Some(folder) = path.parent() {
                make_folder(folder)?;
            }
            let file = options().create(true).append(true).open(path)?;
            let whole = file.metadata()?.len();
            let mut encoder = zstd::Encoder::new(file, LEVEL)?;
            encoder.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
            Ok(Self {
                path: path.to_owned(),
                encoder,
                unseen: 0,
                whole,
            })
        };
        open().map_err(StoreError::io(path))
    }

    /// Whether a line of this length has to wait until the rest is flushed.
    pub fn is_full(&self, length: usize) -> bool {
        self.unseen > 0 && self.unseen + length > UNSEEN
    }

    /// Whether there is something to flush.
    pub fn is_unseen(&self) -> bool {
        self.unseen > 0
    }

    /// Writes a line, and its end.
    pub fn write(&mut self, line: &[u8]) -> Result<(), StoreError> {
        self.unseen += line.len() + 1;
        let written = self
            .encoder
            .write_all(line)
            .and_then(|()| self.encoder.write_all(b"\n"));
        self.settle(written)
    }

    /// Lets others see what was written.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if self.unseen == 0 {
            return Ok(());
        }
        let flushed = self.encoder.flush();
        self.settle(flushed)?;
        self.unseen = 0;
        let length = self.encoder.get_ref().metadata().map(|file| file.len());
        self.whole = length.map_err(StoreError::io(&self.path))?;
        Ok(())
    }

    /// Ends the log so that another writer can go on.
    pub fn finish(mut self) -> Result<(), StoreError> {
        let finished = self.encoder.do_finish();
        self.settle(finished)
    }

    /// After a write that failed half of it may be there: it is cut off, so that
    /// whoever writes on is readable.
    fn settle(&self, written: io::Result<()>) -> Result<(), StoreError> {
        if written.is_err() {
            let _ = self.encoder.get_ref().set_len(self.whole);
        }
        written.map_err(StoreError::io(&self.path))
    }
}
