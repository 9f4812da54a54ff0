use std::time::Duration;

use super::seen::Seen;
use crate::event::RunnerMessage;
use crate::model::{Cause, Counts, Outcome, plural};
use crate::runtime::{Exit, RuntimeError};

/// The exit status of the runner when a service never answered.
const UNREADY: i64 = 75;
/// Exit statuses from here on are signals: 128 + n.
const SIGNALLED: i64 = 128;
/// Signals that end a process from outside: SIGHUP, SIGINT, SIGKILL, SIGTERM.
/// Nothing that goes wrong within a process sends it one of them.
const FROM_OUTSIDE: [i64; 4] = [1, 2, 9, 15];

/// How an attempt ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    pub cause: Option<Cause>,
    pub detail: String,
    /// The last lines of the cell's log, or the stacks of its threads, where they
    /// may say why.
    pub log: Vec<String>,
}

impl Verdict {
    fn new(outcome: Outcome, cause: Option<Cause>, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            cause,
            detail: detail.into(),
            log: Vec::new(),
        }
    }

    pub fn ours(cause: Cause, detail: impl Into<String>) -> Self {
        Self::new(Outcome::Infrastructure, Some(cause), detail)
    }

    pub fn cancelled() -> Self {
        Self::new(Outcome::Cancelled, None, "")
    }

    pub fn engine(error: &RuntimeError) -> Self {
        let cause = match error {
            RuntimeError::NoSpace(_) => Cause::NoSpace,
            _ => Cause::EngineFailed,
        };
        Self::ours(cause, error.to_string())
    }

    fn errored(cause: Cause, detail: impl Into<String>) -> Self {
        Self::new(Outcome::Errored, Some(cause), detail)
    }

    /// With the stacks of its threads, or the end of the cell's log, unless it is a
    /// verdict on Django.
    pub fn with_log(mut self, seen: &Seen) -> Self {
        if matches!(self.outcome, Outcome::Errored | Outcome::Infrastructure) {
            let said = if seen.stacks.is_empty() {
                &seen.tail
            } else {
                &seen.stacks
            };
            self.log.clone_from(said);
        }
        self
    }

    /// Whether another attempt may end better: what failed was ours, and a
    /// fresh service or a recovered engine mends it.
    pub fn is_worth_retrying(&self) -> bool {
        self.outcome == Outcome::Infrastructure
            && matches!(
                self.cause,
                Some(
                    Cause::ServiceDied
                        | Cause::ServiceUnready
                        | Cause::ServiceFailed
                        | Cause::EngineFailed
                        | Cause::Killed
                )
            )
    }

    /// The verdict of Django's own totals. A suite without a test says nothing.
    pub fn of_totals(counts: &Counts) -> Self {
        if counts.bad() > 0 {
            return Self::new(Outcome::Failed, None, "");
        }
        if counts.tests > 0 {
            return Self::new(Outcome::Passed, None, "");
        }
        let why = match counts.skipped {
            0 => "none is what was asked for".to_owned(),
            skipped => format!("{} with its class or module", plural(skipped, "skip")),
        };
        Self::new(Outcome::Empty, None, format!("no test ran: {why}"))
    }

    /// The same verdict, but one on a suite without a test is as good as any.
    pub fn or_passed_if_empty(self) -> Self {
        if self.outcome == Outcome::Empty {
            Self::new(Outcome::Passed, None, self.detail)
        } else {
            self
        }
    }

    /// The verdict on a cell in which no test finished for `quiet`, after its
    /// stacks were asked for. A test that is known by name hangs on Django's
    /// account; where none is known, nothing is.
    pub fn hung(seen: &Seen, quiet: Duration) -> Self {
        let seconds = quiet.as_secs();
        let verdict = if seen.in_flight.is_empty() {
            Self::ours(Cause::Hung, format!("no test finished in {seconds} s"))
        } else {
            let tests = seen.in_flight.join(", ");
            Self::errored(
                Cause::Hung,
                format!("{tests} did not finish in {seconds} s"),
            )
        };
        verdict.with_log(seen)
    }

    /// The verdict on a cell whose container ended by itself.
    pub fn of(seen: &Seen, exit: &Exit) -> Self {
        // Tests that failed where memory or space ran out say nothing of Django.
        let ran_out = exit.out_of_memory || seen.starved.is_some();
        if let Some(counts) = &seen.totals
            && (if counts.bad() > 0 {
                !ran_out
            } else {
                exit.code == 0 || from_outside(seen, exit).is_some()
            })
        {
            return Self::of_totals(counts);
        }
        if exit.out_of_memory {
            return Self::ours(Cause::OutOfMemory, in_flight(seen));
        }
        if let Some((cause, detail)) = &seen.starved {
            return Self::ours(*cause, detail);
        }
        if let Some(verdict) = seen.complaint.as_ref().and_then(Self::of_complaint) {
            return verdict;
        }
        if let Some(signal) = from_outside(seen, exit) {
            return Self::ours(Cause::Killed, by_outside(signal, &in_flight(seen)));
        }
        match (&seen.ended, exit.code) {
            (
                Some(RunnerMessage::Ended {
                    signal: Some(signal),
                    own,
                    ..
                }),
                _,
            ) => {
                let whose = if *own { " of its own" } else { "" };
                let test = in_flight(seen);
                Self::errored(Cause::Crashed, format!("signal {signal}{whose} {test}"))
            }
            (_, UNREADY) => Self::ours(Cause::ServiceUnready, last_words(seen)),
            (None, code) if code > SIGNALLED => Self::errored(
                Cause::Crashed,
                format!("signal {} {}", code - SIGNALLED, in_flight(seen)),
            ),
            _ if !exit.error.is_empty() => Self::ours(Cause::EngineFailed, exit.error.clone()),
            (_, code) if seen.in_flight.is_empty() => Self::errored(
                Cause::SuiteBroke,
                format!("exit status {code}: {}", last_words(seen)),
            ),
            (_, code) => Self::errored(
                Cause::Crashed,
                format!("exit status {code} {}", in_flight(seen)),
            ),
        }
    }

    /// What the runner said before it gave up.
    fn of_complaint(complaint: &RunnerMessage) -> Option<Self> {
        Some(match complaint {
            RunnerMessage::Crashed {
                test,
                signal,
                exit,
                own,
            } => {
                let test = format!("in {}", test.as_deref().unwrap_or("an unknown test"));
                match (signal, exit) {
                    (Some(signal), _) if !own && FROM_OUTSIDE.contains(&i64::from(*signal)) => {
                        Self::ours(Cause::Killed, by_outside(i64::from(*signal), &test))
                    }
                    (Some(signal), _) => {
                        let whose = if *own { " of its own" } else { "" };
                        Self::errored(Cause::Crashed, format!("signal {signal}{whose} {test}"))
                    }
                    (None, Some(status)) => {
                        Self::errored(Cause::Crashed, format!("exit status {status} {test}"))
                    }
                    (None, None) => Self::errored(Cause::Crashed, format!("it vanished {test}")),
                }
            }
            RunnerMessage::Unready { service, message } => {
                Self::ours(Cause::ServiceUnready, format!("{service}: {message}"))
            }
            // The engine that asked for them gives a verdict of its own.
            RunnerMessage::Hung { .. } => Self::ours(
                Cause::Killed,
                "somebody asked for its stacks, which ends it",
            ),
            RunnerMessage::Broken { message } => Self::errored(Cause::SuiteBroke, message),
            _ => return None,
        })
    }

    /// The same verdict, unless tests failed or broke off beside a service that
    /// died or lost a process to the kernel for its memory: that is no verdict on
    /// Django. `trouble` names the service and says how.
    pub fn beside(self, trouble: Option<String>) -> Self {
        let suffered = matches!(
            self.outcome,
            Outcome::Failed | Outcome::Errored | Outcome::Infrastructure
        );
        match trouble {
            Some(how) if suffered => Self::ours(Cause::ServiceDied, how),
            _ => self,
        }
    }
}

/// The trouble that a database server's own code tells of, by the tables of
/// PostgreSQL's SQLSTATEs (appendix A) and of MySQL's and MariaDB's numbers. Any
/// other code is about the statement, and Django's.
pub fn server_trouble(code: &str) -> Option<Cause> {
    Some(match code {
        // disk_full; ER_DISK_FULL, ER_RECORD_FILE_FULL, ER_DISK_FULL_NOWAIT.
        "53100" | "1021" | "1114" | "3675" => Cause::NoSpace,
        // out_of_memory; ER_OUTOFMEMORY, ER_OUT_OF_RESOURCES.
        "53200" | "1037" | "1041" => Cause::OutOfMemory,
        // too_many_connections; ER_CON_COUNT_ERROR. The runner's own word for a
        // server that does not let it in, or cut it off. admin_shutdown,
        // crash_shutdown, cannot_connect_now, io_error; ER_SERVER_SHUTDOWN,
        // ER_CONNECTION_KILLED.
        "53300" | "1040" | "08001" | "08006" | "57P01" | "57P02" | "57P03" | "58030" | "1053"
        | "1927" => Cause::ServiceFailed,
        _ => return None,
    })
}

/// The signal from outside that ended the cell, if one did. A suite may send
/// itself any signal: the runner notes those.
fn from_outside(seen: &Seen, exit: &Exit) -> Option<i64> {
    match &seen.ended {
        Some(RunnerMessage::Ended { own: true, .. }) => None,
        Some(RunnerMessage::Ended { signal, .. }) => signal.map(i64::from),
        // Nobody was left to say so.
        _ => Some(exit.code - SIGNALLED),
    }
    .filter(|signal| FROM_OUTSIDE.contains(signal))
}

fn by_outside(signal: i64, test: &str) -> String {
    format!("signal {signal} from outside {test}")
        .trim_end()
        .to_owned()
}

fn in_flight(seen: &Seen) -> String {
    match &seen.in_flight[..] {
        [] => String::new(),
        tests => format!("in {}", tests.join(", ")),
    }
}

/// The last line of the log that says anything.
fn last_words(seen: &Seen) -> String {
    seen.tail
        .iter()
        .rev()
        .find(|line| !line.trim().is_empty())
        .cloned()
        .unwrap_or_else(|| "it said nothing".to_owned())
}

#[cfg(test)]
mod tests;
