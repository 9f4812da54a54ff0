/// Splits a stream of bytes into lines. Frames of a container's log are not
/// lines: one may hold many, or end in the middle of one.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    rest: Vec<u8>,
    cut: usize,
}

impl Lines {
    /// Lines of at most `limit` bytes; what is beyond is cut.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            rest: Vec::new(),
            cut: 0,
        }
    }

    /// Takes some bytes and hands out the lines they complete.
    pub fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(Vec<u8>)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.keep(&bytes[..end]);
            line(self.take());
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
    }

    /// The last line, if the stream did not end with one.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        (!self.rest.is_empty()).then(|| self.take())
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.rest.len());
        let kept = bytes.len().min(room);
        self.rest.extend_from_slice(&bytes[..kept]);
        self.cut += bytes.len() - kept;
    }

    fn take(&mut self) -> Vec<u8> {
        let mut line = std::mem::take(&mut self.rest);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if self.cut > 0 {
            line.extend_from_slice(format!(" … ({} bytes cut)", self.cut).as_bytes());
            self.cut = 0;
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(limit: usize, frames: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(limit);
        let mut found = Vec::new();
        for frame in frames {
            lines.push(frame, |line| found.push(line));
        }
        found.extend(lines.finish());
        found
            .into_iter()
            .map(|line| String::from_utf8_lossy(&line).into_owned())
            .collect()
    }

    #[test]
    fn a_line_may_come_in_pieces_and_a_frame_hold_many() {
        assert_eq!(split(99, &[b"a\nb", b"c\n\nd"]), ["a", "bc", "", "d"]);
    }

    #[test]
    fn an_endless_line_is_cut_and_says_so() {
        assert_eq!(
            split(4, &[b"abcdef", b"gh\nok\n"]),
            ["abcd … (4 bytes cut)", "ok"]
        );
    }
}
