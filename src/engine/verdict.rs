use crate::event::RunnerMessage;
use crate::model::{Cause, Counts, Outcome};
use crate::runtime::{Exit, RuntimeError};

/// The exit status of the runner when a service never answered.
const UNREADY: i64 = 75;
/// Exit statuses from here on are signals: 128 + n.
const SIGNALLED: i64 = 128;
const SIGKILL: i64 = SIGNALLED + 9;

/// How an attempt ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    pub cause: Option<Cause>,
    pub detail: String,
    /// The last lines of the cell's log, where they may say why.
    pub log: Vec<String>,
}

/// What was seen of a cell while it ran, for the verdict.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Django's totals, if the suite came to its end.
    pub totals: Option<Counts>,
    /// The test that began last and has not ended.
    pub in_flight: Option<String>,
    /// What a crash, an unready service or a broken suite said of itself.
    pub complaint: Option<RunnerMessage>,
    /// The first line of its log that says that a disk is full.
    pub no_space: Option<String>,
    /// The last lines of its human log.
    pub tail: Vec<String>,
}

impl Verdict {
    pub fn ours(cause: Cause, detail: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Infrastructure,
            cause: Some(cause),
            detail: detail.into(),
            log: Vec::new(),
        }
    }

    pub fn cancelled() -> Self {
        Self {
            outcome: Outcome::Cancelled,
            cause: None,
            detail: String::new(),
            log: Vec::new(),
        }
    }

    pub fn engine(error: &RuntimeError) -> Self {
        let cause = match error {
            RuntimeError::NoSpace(_) => Cause::NoSpace,
            _ => Cause::EngineFailed,
        };
        Self::ours(cause, error.to_string())
    }

    fn errored(cause: Cause, detail: String) -> Self {
        Self {
            outcome: Outcome::Errored,
            cause: Some(cause),
            detail,
            log: Vec::new(),
        }
    }

    /// With the end of the cell's log, unless it is a verdict on Django.
    pub fn with_log(mut self, seen: &Seen) -> Self {
        if matches!(self.outcome, Outcome::Errored | Outcome::Infrastructure) {
            self.log.clone_from(&seen.tail);
        }
        self
    }

    /// Whether another attempt may end better: what failed was ours, and a
    /// fresh service or a recovered engine mends it.
    pub fn is_worth_retrying(&self) -> bool {
        matches!(
            self.cause,
            Some(Cause::ServiceDied | Cause::ServiceUnready | Cause::EngineFailed)
        )
    }

    /// The verdict of Django's own totals.
    pub fn of_totals(counts: &Counts) -> Self {
        Self {
            outcome: if counts.bad() > 0 {
                Outcome::Failed
            } else {
                Outcome::Passed
            },
            cause: None,
            detail: String::new(),
            log: Vec::new(),
        }
    }

    /// The verdict on a cell whose container ended by itself.
    pub fn of(seen: &Seen, exit: &Exit) -> Self {
        // Tests that failed where memory or space ran out say nothing of Django.
        let ran_out = exit.out_of_memory || seen.no_space.is_some();
        if let Some(counts) = &seen.totals
            && (if counts.bad() > 0 {
                !ran_out
            } else {
                exit.code == 0
            })
        {
            return Self::of_totals(counts);
        }
        if exit.out_of_memory {
            return Self::ours(Cause::OutOfMemory, in_flight(seen));
        }
        if let Some(line) = &seen.no_space {
            return Self::ours(Cause::NoSpace, line.trim());
        }
        match &seen.complaint {
            Some(RunnerMessage::Crashed { test, signal, exit }) => {
                let how = match (signal, exit) {
                    (Some(signal), _) => format!("signal {signal}"),
                    (None, Some(status)) => format!("exit status {status}"),
                    (None, None) => "it vanished".to_owned(),
                };
                let test = test.as_deref().unwrap_or("an unknown test");
                return Self::errored(Cause::Crashed, format!("{how} in {test}"));
            }
            Some(RunnerMessage::Unready { service, message }) => {
                return Self::ours(Cause::ServiceUnready, format!("{service}: {message}"));
            }
            Some(RunnerMessage::Broken { message }) => {
                return Self::errored(Cause::SuiteBroke, message.clone());
            }
            _ => {}
        }
        match exit.code {
            UNREADY => Self::ours(Cause::ServiceUnready, last_words(seen)),
            SIGKILL => Self::ours(Cause::Killed, in_flight(seen)),
            code if code > SIGNALLED => Self::errored(
                Cause::Crashed,
                format!("signal {} {}", code - SIGNALLED, in_flight(seen)),
            ),
            _ if !exit.error.is_empty() => Self::ours(Cause::EngineFailed, exit.error.clone()),
            code => match &seen.in_flight {
                Some(test) => {
                    Self::errored(Cause::Crashed, format!("exit status {code} in {test}"))
                }
                None => Self::errored(
                    Cause::SuiteBroke,
                    format!("exit status {code}: {}", last_words(seen)),
                ),
            },
        }
    }
}

fn in_flight(seen: &Seen) -> String {
    match &seen.in_flight {
        Some(test) => format!("in {test}"),
        None => String::new(),
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
mod tests {
    use super::*;

    fn ended(failures: u64) -> Seen {
        Seen {
            totals: Some(Counts {
                tests: 10,
                failures,
                ..Counts::default()
            }),
            ..Seen::default()
        }
    }

    fn exit(code: i64) -> Exit {
        Exit {
            code,
            ..Exit::default()
        }
    }

    #[test]
    fn every_way_to_end_has_its_own_name() {
        let crashed = Seen {
            complaint: Some(RunnerMessage::Crashed {
                test: Some("a.B.c".into()),
                signal: Some(11),
                exit: Some(-11),
            }),
            ..Seen::default()
        };
        let serial_crash = Seen {
            in_flight: Some("a.B.c".into()),
            ..Seen::default()
        };
        let full = Seen {
            no_space: Some("[Errno 28]".into()),
            ..Seen::default()
        };
        let out_of_memory = Exit {
            code: 137,
            out_of_memory: true,
            error: String::new(),
        };
        let starved = Seen {
            no_space: Some("[Errno 28]".into()),
            ..ended(1)
        };
        let cases = [
            (
                starved,
                exit(1),
                Outcome::Infrastructure,
                Some(Cause::NoSpace),
            ),
            (
                ended(1),
                out_of_memory.clone(),
                Outcome::Infrastructure,
                Some(Cause::OutOfMemory),
            ),
            (ended(0), exit(0), Outcome::Passed, None),
            (ended(1), exit(1), Outcome::Failed, None),
            (ended(0), exit(1), Outcome::Errored, Some(Cause::SuiteBroke)),
            (
                Seen::default(),
                exit(2),
                Outcome::Errored,
                Some(Cause::SuiteBroke),
            ),
            (crashed, exit(70), Outcome::Errored, Some(Cause::Crashed)),
            (
                serial_crash.clone(),
                exit(139),
                Outcome::Errored,
                Some(Cause::Crashed),
            ),
            (
                serial_crash.clone(),
                exit(0),
                Outcome::Errored,
                Some(Cause::Crashed),
            ),
            (
                serial_crash,
                out_of_memory,
                Outcome::Infrastructure,
                Some(Cause::OutOfMemory),
            ),
            (
                Seen::default(),
                exit(137),
                Outcome::Infrastructure,
                Some(Cause::Killed),
            ),
            (
                Seen::default(),
                exit(75),
                Outcome::Infrastructure,
                Some(Cause::ServiceUnready),
            ),
            (full, exit(1), Outcome::Infrastructure, Some(Cause::NoSpace)),
        ];
        for (seen, exit, outcome, cause) in cases {
            let verdict = Verdict::of(&seen, &exit);
            assert_eq!(
                (verdict.outcome, verdict.cause),
                (outcome, cause),
                "{seen:?} {exit:?}"
            );
        }
    }

    #[test]
    fn a_crash_names_the_test_in_flight() {
        let seen = Seen {
            in_flight: Some("a.B.c".into()),
            ..Seen::default()
        };
        assert_eq!(Verdict::of(&seen, &exit(139)).detail, "signal 11 in a.B.c");
    }
}
