use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use zstd::stream::raw::{Decoder, Operation};

/// How a zstd frame begins (RFC 8878, 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Read at once, compressed.
const CHUNK: usize = 64 * 1024;
/// Room for any block of a frame (RFC 8878, 3.1.1.2.4).
const BLOCK: usize = 128 * 1024;
/// The bytes before each block.
const BLOCK_HEADER: usize = 3;

/// Reads the lines of a compressed log that may still be written to, or that a
/// killed run left as it was: what is whole is read, and a frame that is torn is
/// left for the next.
pub struct Tail {
    path: PathBuf,
    /// Where the next compressed byte is read from.
    offset: u64,
    input: Vec<u8>,
    /// How much of `input` was decompressed.
    taken: usize,
    frame: Frame,
    output: Vec<u8>,
    /// The beginning of a line.
    begun: Vec<u8>,
    lines: VecDeque<Vec<u8>>,
}

enum Frame {
    /// The next byte begins one.
    Next,
    /// One that began here is being read.
    Within {
        began: u64,
        decoder: Box<Decoder<'static>>,
        wanted: usize,
    },
    /// One was torn, and the beginning of another is looked for.
    Lost,
}

impl Tail {
    /// A log, from its beginning; it need not be there yet.
    pub const fn new(path: PathBuf) -> Self {
        Self {
            path,
            offset: 0,
            input: Vec::new(),
            taken: 0,
            frame: Frame::Next,
            output: Vec::new(),
            begun: Vec::new(),
            lines: VecDeque::new(),
        }
    }

    /// The next line, without its end; `None` where nothing more is there now.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(Some(line));
            }
            if !self.fill()? {
                self.rest();
                return Ok(None);
            }
        }
    }

    /// Decompresses a piece; `false` where nothing more is there.
    fn fill(&mut self) -> io::Result<bool> {
        if self.taken == self.input.len() && !self.read()? {
            return Ok(false);
        }
        let at = self.offset - (self.input.len() - self.taken) as u64;
        let (began, decoder, wanted) = match &mut self.frame {
            Frame::Lost => {
                self.seek();
                return Ok(true);
            }
            Frame::Next => {
                self.frame = Frame::Within {
                    began: at,
                    decoder: Box::new(Decoder::new()?),
                    wanted: MAGIC.len(),
                };
                return Ok(true);
            }
            Frame::Within {
                began,
                decoder,
                wanted,
            } => (*began, decoder, wanted),
        };
        // Never a block with the header behind it: what an error hits is not handed
        // out, however whole the beginning of it was.
        let end = self.input.len().min(self.taken + *wanted);
        self.output.resize(BLOCK, 0);
        match decoder.run_on_buffers(&self.input[self.taken..end], &mut self.output) {
            Ok(status) => {
                self.taken += status.bytes_read;
                let is_stuck = status.bytes_read == 0 && status.bytes_written == 0;
                *wanted = match status.remaining {
                    0..=BLOCK_HEADER => BLOCK_HEADER,
                    more => more - BLOCK_HEADER,
                };
                self.split(status.bytes_written);
                if status.remaining == 0 {
                    self.frame = Frame::Next;
                } else if is_stuck {
                    self.lose(began);
                }
            }
            Err(_) => self.lose(began),
        }
        Ok(true)
    }

    /// Reads the next compressed bytes; `false` where there are none. The file is not
    /// held open: a run may have more logs than a process may open files.
    fn read(&mut self) -> io::Result<bool> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        self.input.resize(CHUNK, 0);
        self.taken = 0;
        let read = file.read_at(&mut self.input, self.offset);
        self.input.truncate(*read.as_ref().unwrap_or(&0));
        self.offset += self.input.len() as u64;
        read.map(|read| read > 0)
    }

    /// Gives up a frame: the next one is looked for from behind its first byte.
    fn lose(&mut self, began: u64) {
        self.offset = began + 1;
        self.input.clear();
        self.taken = 0;
        self.begun.clear();
        self.frame = Frame::Lost;
    }

    /// Looks for the beginning of a frame in what was read.
    fn seek(&mut self) {
        let rest = &self.input[self.taken..];
        let found = rest.windows(MAGIC.len()).position(|bytes| bytes == MAGIC);
        match found {
            Some(place) => {
                self.taken += place;
                self.frame = Frame::Next;
            }
            // The beginning may be cut by the end of what was read.
            None if rest.len() == CHUNK => {
                self.offset -= MAGIC.len() as u64 - 1;
                self.taken = self.input.len();
            }
            None => self.taken = self.input.len(),
        }
    }

    /// Takes the lines from the first bytes of the output.
    fn split(&mut self, length: usize) {
        let mut rest = &self.output[..length];
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let mut line = std::mem::take(&mut self.begun);
            line.extend_from_slice(&rest[..end]);
            self.lines.push_back(line);
            rest = &rest[end + 1..];
        }
        self.begun.extend_from_slice(rest);
    }

    /// Holds as little as can be while nothing comes: a run has many logs.
    fn rest(&mut self) {
        self.input = Vec::new();
        self.output = Vec::new();
        self.taken = 0;
        self.lines = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::log::LogWriter;
    use super::*;

    fn lines(path: &std::path::Path) -> Vec<String> {
        let mut tail = Tail::new(path.to_owned());
        let mut lines = Vec::new();
        while let Some(line) = tail.next().expect("readable") {
            lines.push(String::from_utf8(line).expect("text"));
        }
        lines
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("log.zst");
        (folder, path)
    }

    #[test]
    fn what_was_flushed_is_seen_while_the_log_is_written() {
        let (_folder, path) = place();
        let mut tail = Tail::new(path.clone());
        assert_eq!(tail.next().expect("nothing yet"), None);
        let mut log = LogWriter::open(&path).expect("writable");
        for text in ["one", "two"] {
            log.write(text.as_bytes()).expect("writable");
            log.flush().expect("writable");
            let line = tail.next().expect("readable").expect("flushed");
            assert_eq!(line, text.as_bytes());
            assert_eq!(tail.next().expect("readable"), None);
        }
        log.finish().expect("writable");
        assert_eq!(tail.next().expect("readable"), None);
        let mut log = LogWriter::open(&path).expect("writable");
        log.write(b"three").expect("writable");
        log.finish().expect("writable");
        assert_eq!(tail.next().expect("readable"), Some(b"three".to_vec()));
        assert_eq!(lines(&path), ["one", "two", "three"]);
    }

    #[test]
    fn a_log_that_breaks_off_anywhere_is_read_as_far_as_it_is_whole() {
        let (_folder, path) = place();
        let mut log = LogWriter::open(&path).expect("writable");
        let written: Vec<String> = (0..2000_u32).map(|n| format!("line {}", n * n)).collect();
        for (index, line) in written.iter().enumerate() {
            log.write(line.as_bytes()).expect("writable");
            if index % 100 == 0 {
                log.flush().expect("writable");
            }
        }
        log.finish().expect("writable");
        let whole = std::fs::read(&path).expect("there");
        for length in (0..whole.len()).step_by(97) {
            std::fs::write(&path, &whole[..length]).expect("writable");
            let read = lines(&path);
            assert_eq!(read, written[..read.len()], "{length} bytes");
        }
        assert!(lines(&path).len() > 1800, "most of it is there");
    }

    #[test]
    fn what_follows_a_torn_frame_is_read() {
        let (_folder, path) = place();
        let mut log = LogWriter::open(&path).expect("writable");
        log.write(b"whole").expect("writable");
        log.flush().expect("writable");
        // As after kill -9: the frame has no end.
        std::mem::forget(log);
        let mut log = LogWriter::open(&path).expect("writable");
        log.write(b"after").expect("writable");
        log.finish().expect("writable");
        assert_eq!(lines(&path), ["whole", "after"]);
    }

    #[test]
    fn rubbish_between_frames_is_passed_over() {
        let (_folder, path) = place();
        let mut file = File::create(&path).expect("writable");
        file.write_all(&vec![b'x'; 200_000]).expect("writable");
        let mut log = LogWriter::open(&path).expect("writable");
        log.write(b"after").expect("writable");
        log.finish().expect("writable");
        assert_eq!(lines(&path), ["after"]);
    }

    #[test]
    fn a_long_line_is_one_line() {
        let (_folder, path) = place();
        let long: String = (0..400_000_u32)
            .map(|n| char::from_digit(n.wrapping_mul(n) % 23, 36).expect("a digit"))
            .collect();
        let mut log = LogWriter::open(&path).expect("writable");
        log.write(long.as_bytes()).expect("writable");
        log.write(b"short").expect("writable");
        log.finish().expect("writable");
        let read = lines(&path);
        assert_eq!(read.len(), 2);
        assert_eq!(read[0], long);
    }
}
