//! Events as lines of a log: whole, as JSON, or in brief.
//!
//! A test that passed, as most do, is `[seq,at,test,time]`: what was added to
//! `seq` and `at` since the line before, to the test's number in `names` since the
//! test before, and its time, in whole microseconds where it is such a number,
//! else in seconds. Such lines follow a `cell_started`.

use super::names::Names;
use crate::event::{Envelope, Event, TestResult};
use crate::model::{CellName, TestOutcome};

/// What brief lines count from.
#[derive(Debug, Clone, Copy)]
struct Base {
    seq: i64,
    at: i64,
    test: i64,
}

/// Makes lines of the events of one log.
#[derive(Debug, Default)]
pub struct Packer(Option<Base>);

/// Makes events of the lines of one log.
#[derive(Debug, Default)]
pub struct Unpacker(Option<Base>);

/// The test an event is about, if it can be told in brief.
pub fn in_brief(event: &Event) -> Option<&TestResult> {
    match event {
        Event::TestFinished { result, .. }
            if result.outcome == TestOutcome::Passed
                && !result.extra
                && result.subtest.is_none()
                && result.reason.is_none()
                && result.traceback.is_none() =>
        {
            Some(result)
        }
        _ => None,
    }
}

impl Packer {
    /// A test that passed, by its number; `None` where it has to be told whole.
    pub fn brief(&mut self, envelope: &Envelope, test: i64, seconds: f64) -> Option<String> {
        let base = self.0.as_mut()?;
        let next = Base {
            seq: i64::try_from(envelope.seq).ok()?,
            at: i64::try_from(envelope.at).ok()?,
            test,
        };
        let time = match micros(seconds) {
            Some(micros) => micros.to_string(),
            None => serde_json::Number::from_f64(seconds)?.to_string(),
        };
        let line = format!(
            "[{},{},{},{time}]",
            next.seq - base.seq,
            next.at - base.at,
            next.test - base.test
        );
        *base = next;
        Some(line)
    }

    /// Any event.
    pub fn whole(&mut self, envelope: &Envelope) -> Vec<u8> {
        self.0 = after(self.0, envelope);
        // Plain data with string keys: nothing in it can fail.
        serde_json::to_vec(envelope).unwrap_or_default()
    }
}

impl Unpacker {
    /// The event of a line of a cell's log; `None` for what is none.
    pub fn event(&mut self, line: &[u8], cell: &CellName, names: &mut Names) -> Option<Envelope> {
        if !is_brief(line) {
            return self.whole(line);
        }
        let (base, seconds) = brief(line, self.0?)?;
        self.0 = Some(base);
        let test = match names.get(base.test) {
            Some(test) => test.to_owned(),
            None => format!("test {} (its name was not kept)", base.test),
        };
        Some(Envelope {
            seq: u64::try_from(base.seq).ok()?,
            at: u64::try_from(base.at).ok()?,
            event: Event::TestFinished {
                cell: cell.clone(),
                result: TestResult {
                    test,
                    outcome: TestOutcome::Passed,
                    seconds,
                    subtest: None,
                    reason: None,
                    extra: false,
                    traceback: None,
                },
            },
        })
    }

    /// The event of a line that is one in whole.
    pub fn whole(&mut self, line: &[u8]) -> Option<Envelope> {
        let envelope = serde_json::from_slice(line).ok()?;
        self.0 = after(self.0, &envelope);
        Some(envelope)
    }

    /// The number of the test that a brief line is about, and its time in seconds.
    pub fn brief(&mut self, line: &[u8]) -> Option<(i64, f64)> {
        let (base, seconds) = brief(line, self.0?)?;
        self.0 = Some(base);
        Some((base.test, seconds))
    }
}

/// Whether a line is in brief.
pub fn is_brief(line: &[u8]) -> bool {
    line.first() == Some(&b'[')
}

/// Whether a cell begins with this line; quotes of other text would be escaped.
pub fn is_start(line: &[u8]) -> bool {
    contains(line, b"\"event\":\"cell_started\"")
}

/// Whether these bytes are in a line.
pub fn contains(line: &[u8], bytes: &[u8]) -> bool {
    line.windows(bytes.len()).any(|window| window == bytes)
}

/// What the next brief line counts from.
fn after(base: Option<Base>, envelope: &Envelope) -> Option<Base> {
    let test = match (&envelope.event, base) {
        (Event::CellStarted { .. }, _) => 0,
        (_, base) => base?.test,
    };
    Some(Base {
        seq: i64::try_from(envelope.seq).ok()?,
        at: i64::try_from(envelope.at).ok()?,
        test,
    })
}

fn brief(line: &[u8], base: Base) -> Option<(Base, f64)> {
    let text = std::str::from_utf8(line).ok()?;
    let mut parts = text.strip_prefix('[')?.strip_suffix(']')?.split(',');
    let mut number = || parts.next()?.parse::<i64>().ok();
    let base = Base {
        seq: base.seq.checked_add(number()?)?,
        at: base.at.checked_add(number()?)?,
        test: base.test.checked_add(number()?)?,
    };
    let time = parts.next()?;
    #[allow(clippy::cast_precision_loss)]
    let seconds = match time.parse::<u64>() {
        Ok(micros) => micros as f64 / 1e6,
        Err(_) => time.parse().ok()?,
    };
    Some((base, seconds))
}

/// A time in microseconds, if it is exactly so many.
fn micros(seconds: f64) -> Option<u64> {
    if !(0.0..1e9).contains(&seconds) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let micros = (seconds * 1e6).round() as u64;
    #[allow(clippy::cast_precision_loss)]
    let again = micros as f64 / 1e6;
    // To the bit, for -0.0 is another number.
    (again.to_bits() == seconds.to_bits()).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(seq: u64, at: u64, test: &str, seconds: f64) -> Envelope {
        let result = TestResult {
            test: test.into(),
            outcome: TestOutcome::Passed,
            seconds,
            subtest: None,
            reason: None,
            extra: false,
            traceback: None,
        };
        let cell = name();
        Envelope {
            seq,
            at,
            event: Event::TestFinished { cell, result },
        }
    }

    fn name() -> CellName {
        let cell: crate::model::Cell = "main-python3.14-sqlite".parse().expect("a literal");
        cell.name()
    }

    fn started(seq: u64) -> Envelope {
        let event = Event::CellStarted {
            cell: name(),
            attempt: 1,
            parallel: 1,
        };
        Envelope { seq, at: 9, event }
    }

    #[test]
    fn a_test_in_brief_comes_back_to_the_bit() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut writer = super::super::names::NamesWriter::open(folder.path()).expect("writable");
        let times = [0.0, 0.012_345, 1.0 / 3.0, 1e-9, 12.3, -0.0, 1e12, -1.5];
        let (mut packer, mut lines) = (Packer::default(), Vec::new());
        lines.push(packer.whole(&started(7)));
        let mut expected = vec![started(7)];
        for (index, seconds) in times.into_iter().enumerate() {
            // The clock may be set back.
            let at = if index == 3 { 2 } else { 10 + index as u64 };
            let test = format!("a.B.test_{}\n\"é", index % 3);
            let envelope = passed(8 + index as u64, at, &test, seconds);
            let number = writer.number(&test).expect("writable");
            let line = packer.brief(&envelope, number, seconds).expect("brief");
            lines.push(line.into_bytes());
            expected.push(envelope);
        }
        writer.finish().expect("writable");
        let (mut names, mut unpacker) = (Names::new(folder.path()), Unpacker::default());
        let read: Vec<Envelope> = lines
            .iter()
            .map(|line| unpacker.event(line, &name(), &mut names).expect("an event"))
            .collect();
        assert_eq!(read, expected);
        for (read, expected) in read.iter().zip(&expected) {
            let text = |envelope| serde_json::to_string(envelope).expect("JSON");
            assert_eq!(text(read), text(expected), "-0.0 too");
        }
    }

    #[test]
    fn nothing_is_told_in_brief_before_a_cell_has_started() {
        let envelope = passed(1, 1, "a.B.c", 0.1);
        assert_eq!(Packer::default().brief(&envelope, 0, 0.1), None);
    }

    #[test]
    fn rubbish_is_no_event_and_no_panic() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut names = Names::new(folder.path());
        let mut unpacker = Unpacker::default();
        unpacker.whole(&Packer::default().whole(&started(1)));
        for line in [
            &b""[..],
            b"[",
            b"[1,2]",
            b"[1,2,3,x]",
            b"[9223372036854775807,9223372036854775807,1,1]",
            b"{}",
            b"\xff",
        ] {
            assert_eq!(unpacker.event(line, &name(), &mut names), None);
        }
    }
}
