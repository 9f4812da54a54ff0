use super::reader::Reader;
use super::verdict::Verdict;
use crate::event::NoticeKind;
use crate::journal::Emitter;
use crate::model::{Cause, Outcome, plural};

/// The verdict on a cell whose log broke off for a while.
///
/// A daemon that is killed may lose what a cell that lived on has written: its end, or
/// the tests that failed. Of tests that passed it is enough to say so.
pub fn unless_lost(verdict: Verdict, reader: &Reader, emit: &Emitter) -> Verdict {
    let seen = &reader.seen;
    let lost = match verdict.outcome {
        Outcome::Errored if seen.says_no_end() => "the end of its log was lost",
        Outcome::Failed if seen.lacks_why() => "what failed was lost",
        _ => {
            if seen.untold() > 0 {
                let message = format!(
                    "{}: the engine was away, and the results of {} are lost",
                    reader.cell(),
                    plural(seen.untold(), "test")
                );
                emit.notice(NoticeKind::LeftOut, message);
            }
            return verdict;
        }
    };
    let why = format!("{lost} while the engine was away");
    Verdict::ours(Cause::EngineFailed, why)
}
