use serde::Deserialize;

use super::{NoticeKind, TestResult};
use crate::model::Counts;

/// The protocol version spoken with the runner inside a cell.
pub const PROTOCOL: u32 = 1;

/// No line of the runner is longer than this many bytes.
pub const MAX_LINE: usize = 64 * 1024;

/// One line of the runner's event stream (`dockerfiles/runner`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunnerMessage {
    /// The runner is up.
    Hello {
        /// Must be [`PROTOCOL`].
        protocol: u32,
        /// `3.14.0`.
        python: String,
        /// `CPython`.
        implementation: String,
        /// `6.1.3`.
        django: String,
        /// Requirements that this Python could not have: tests that need them
        /// are skipped.
        #[serde(default)]
        missing: Vec<String>,
    },
    /// What a person should know: an option that was not obeyed.
    Notice {
        /// What it is about.
        #[serde(default)]
        kind: NoticeKind,
        /// One sentence.
        message: String,
    },
    /// The database answers.
    DatabaseReady {
        /// Such as `psycopg 3.2.3`.
        driver: String,
        /// Such as `PostgreSQL 17.2`.
        server: String,
        /// Seconds waited for it.
        seconds: f64,
    },
    /// A service never answered.
    Unready {
        /// `database`, `memcached` or `redis`.
        service: String,
        /// The last error.
        message: String,
    },
    /// The suite is collected.
    Collected {
        /// How many tests.
        tests: u64,
    },
    /// The test databases exist.
    DatabasesCreated {
        /// Seconds it took.
        seconds: f64,
    },
    /// A test begins.
    Started {
        /// Its id.
        test: String,
    },
    /// A test has an outcome.
    Test(TestResult),
    /// No result has come for a while; these tests are in flight.
    Waiting {
        /// Their ids.
        tests: Vec<String>,
    },
    /// A file system of the cell was found full when a test failed or the suite
    /// broke, or the system refused a test's write for want of space.
    Full {
        /// A folder on it, or the file that was written, where it is known.
        path: Option<String>,
        /// Bytes that were free, where the file system was asked.
        free: Option<u64>,
        /// Files that could be made, where it was asked.
        inodes: Option<u64>,
    },
    /// The kernel has killed processes of the cell for its memory limit.
    OutOfMemory {
        /// How many.
        kills: u64,
    },
    /// A test failed of a database server's own trouble, by the driver's code.
    Server {
        /// A SQLSTATE, or a number of MySQL's.
        code: String,
        /// In the server's words.
        message: String,
    },
    /// A parallel worker died.
    Crashed {
        /// The test in flight, if known.
        test: Option<String>,
        /// The signal that killed it.
        signal: Option<i32>,
        /// Its exit status.
        exit: Option<i32>,
        /// Whether the suite sent that signal itself.
        #[serde(default)]
        own: bool,
    },
    /// The process of the suite ended otherwise than with a verdict, as the
    /// process above it saw.
    Ended {
        /// The signal that killed it, or that came from outside to end it.
        signal: Option<i32>,
        /// Its exit status, if no signal ended it.
        exit: Option<i32>,
        /// Whether the suite sent that signal itself.
        #[serde(default)]
        own: bool,
    },
    /// The stacks were asked for (SIGQUIT) and are in the log.
    Hung {
        /// What worker processes were at.
        #[serde(default)]
        tests: Vec<String>,
    },
    /// The suite came to its end.
    End {
        /// Django's totals.
        #[serde(flatten)]
        counts: Counts,
    },
    /// The suite could not be run.
    Broken {
        /// Why.
        message: String,
    },
    /// A message of a newer runner; nothing depends on it.
    #[serde(other)]
    Unknown,
}

impl RunnerMessage {
    /// Reads one line. `None` for what is no message: the stream is the
    /// container's standard output, and a container may print anything.
    pub fn read(line: &[u8]) -> Option<Self> {
        if line.len() > MAX_LINE {
            return None;
        }
        serde_json::from_slice(line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TestOutcome;

    #[test]
    fn a_test_line_is_read() {
        let line =
            br#"{"event":"test","test":"a.B.c","outcome":"skipped","seconds":0.1,"reason":"no"}"#;
        let Some(RunnerMessage::Test(result)) = RunnerMessage::read(line) else {
            panic!("not a test");
        };
        assert_eq!(result.outcome, TestOutcome::Skipped);
        assert_eq!(result.reason.as_deref(), Some("no"));
    }

    #[test]
    fn an_earlier_greeting_has_nothing_missing() {
        let line =
            br#"{"event":"hello","protocol":1,"python":"3","implementation":"C","django":"6"}"#;
        let Some(RunnerMessage::Hello { missing, .. }) = RunnerMessage::read(line) else {
            panic!("not a greeting");
        };
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn rubbish_is_no_message_and_no_panic() {
        for line in [
            &b""[..],
            b"{",
            b"\xff\xfe",
            b"[]",
            b"{\"event\":\"test\"}",
            &vec![b'x'; MAX_LINE + 1],
        ] {
            assert_eq!(RunnerMessage::read(line), None);
        }
    }

    #[test]
    fn a_message_of_a_newer_runner_is_not_an_error() {
        let line = br#"{"event":"novelty","x":1}"#;
        assert_eq!(RunnerMessage::read(line), Some(RunnerMessage::Unknown));
    }
}
