use std::collections::BTreeSet;
use std::time::Duration;

use super::finish::{TROUBLE, question};
use super::hunt::{end_hunt, sight, trail};
use super::news::tell_culprit;
use super::order::narrow;
use super::reload::HUNTS;
use super::shared::name_of;
use super::trail::Next;
use super::{Kind, WatchError};
use crate::model::{Moment, Outcome, plural};
use crate::spec::{Job, Watch};
use crate::store::farm::{
    Book, Change, Hunt, HuntState, NewRequest, PauseKind, Probe, Progress, Seen,
};

/// What is bounded is bounded within so many milliseconds.
const DAY: i64 = 86_400_000;
/// An engine in trouble is left alone for so long: what it says is none of a commit's doing.
const REST: Duration = Duration::from_secs(3600);
/// The tests of so many apps are run by themselves; of more, all are.
const APPS: usize = 5;

/// Goes on with the searches for culprits: one probe at a time, while nothing else is to
/// be done, and no more than are wanted in a day. What is found is told.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn seek(book: &Book<'_>, watch: &Watch, now: Moment) -> Result<(), WatchError> {
    let hunts = book.open_hunts()?;
    if hunts.is_empty() {
        return Ok(());
    }
    let pauses = book.pauses()?;
    let is_paused = |kind, name: &str| pauses.iter().any(|pause| pause.is_of(kind, name));
    let mut may_probe = is_idle(book)?
        && is_calm(book, now)?
        && !is_paused(PauseKind::All, "")
        && book.probes_since(Moment(now.0.saturating_sub(DAY)))? < watch.bisect_per_day;
    for hunt in hunts {
        learn(book, &hunt)?;
        let trail = trail(book, &hunt.about, hunt.id)?;
        match trail.next() {
            Next::Probe { change, is_again } => {
                let is_held = is_paused(PauseKind::Branch, &hunt.about.branch);
                if may_probe && !is_held {
                    let suspects = trail.suspects().len();
                    probe(book, watch, &hunt, (change, is_again), suspects, now)?;
                    may_probe = false;
                }
            }
            Next::Found { culprit, word } => {
                let found = (HuntState::Found, Some(culprit.revision.as_str()));
                end_hunt(book, hunt.id, found, &word, now)?;
                tell_culprit(book, watch, &hunt, (culprit, &word), now)?;
            }
            Next::Untold(word) => {
                end_hunt(book, hunt.id, (HuntState::Untold, None), &word, now)?;
            }
        }
    }
    Ok(())
}

/// Whether nothing runs, waits, or settles.
fn is_idle(book: &Book<'_>) -> Result<bool, WatchError> {
    Ok(book.open_requests()?.is_empty() && book.waited_for()?.is_empty())
}

/// Whether nothing of ours went wrong of late.
fn is_calm(book: &Book<'_>, now: Moment) -> Result<bool, WatchError> {
    let beats = book.beats()?;
    let mut troubles = beats.iter().filter(|beat| beat.part == TROUBLE);
    Ok(troubles.all(|trouble| now.since(trouble.at) >= REST))
}

/// Takes what others' runs have said of the commits meanwhile, and what has become of
/// probes that were ended before they ran.
fn learn(book: &Book<'_>, hunt: &Hunt) -> Result<(), WatchError> {
    let probes = book.probes(hunt.id)?;
    for probe in probes.iter().filter(|probe| probe.seen.is_none()) {
        let request = book.request(probe.request)?;
        let is_over = request.is_none_or(|request| matches!(request.progress, Progress::Ended(_)));
        if is_over {
            book.note_seen(probe.request, Seen::Unclear)?;
        }
    }
    let known: BTreeSet<i64> = probes.iter().map(|probe| probe.request).collect();
    for said in book.sights(&hunt.about)? {
        let outcome: Result<Outcome, _> = serde_json::from_value(said.outcome.into());
        let Ok(outcome) = outcome else { continue };
        let seen = sight(outcome, &said.failing, &hunt.about.failing);
        // Only what was asked the same counts, and only where it says something.
        if seen == Seen::Unclear
            || known.contains(&said.request)
            || question(&said.job) != hunt.about.question
        {
            continue;
        }
        book.add_probe(&Probe {
            hunt: hunt.id,
            request: said.request,
            revision: said.revision,
            seen: Some(seen),
        })?;
    }
    Ok(())
}

/// Requests a commit in the cell that a search is about; once more where it could not be
/// judged, and then all that was asked when it turned.
fn probe(
    book: &Book<'_>,
    watch: &Watch,
    hunt: &Hunt,
    (change, is_again): (&Change, bool),
    suspects: usize,
    now: Moment,
) -> Result<(), WatchError> {
    let about = &hunt.about;
    let Some(turned) = book.request(about.request)? else {
        return Ok(());
    };
    let job = match job(&turned.asked.job, hunt, is_again) {
        Ok(job) => job,
        Err(error) => {
            let untold = (HuntState::Untold, None);
            return end_hunt(book, hunt.id, untold, &error.to_string(), now);
        }
    };
    let again = if is_again { " again" } else { "" };
    let last = |priority: i32, scheduler: &crate::spec::Scheduler| {
        priority.min(scheduler.priority.saturating_sub(1))
    };
    let new = NewRequest {
        repository: about.repository.clone(),
        branch: about.branch.clone(),
        revision: change.revision.clone(),
        scheduler: HUNTS.to_owned(),
        cause: format!("bisect {} {}{again}", hunt.id, change.revision),
        kind: Kind::Bisect.as_str().to_owned(),
        position: change.position,
        job,
        priority: watch.schedulers.iter().fold(-1, last),
        locks: turned.asked.locks,
        who: String::new(),
        reason: format!(
            "which of {} broke {}",
            plural(suspects as u64, "commit"),
            name_of(&about.cells, &about.among)
        ),
    };
    if let Some(request) = book.add_request(&new, now)? {
        book.add_probe(&Probe {
            hunt: hunt.id,
            request,
            revision: change.revision.clone(),
            seen: None,
        })?;
    }
    Ok(())
}

/// What a probe runs: the one cell, and of the whole suite the apps whose tests failed. A
/// test that is not there yet fails in no app, and as a label in all.
fn job(turned: &str, hunt: &Hunt, is_again: bool) -> Result<String, WatchError> {
    let about = &hunt.about;
    let Ok(Job::Suite(mut suite)) = serde_json::from_str(turned) else {
        return Ok(turned.to_owned());
    };
    narrow(&mut suite, &about.branch, std::slice::from_ref(&about.cell))?;
    suite.cover = None;
    let apps: Option<BTreeSet<&str>> = about.failing.iter().map(|test| app(test)).collect();
    let few = apps.filter(|apps| apps.len() <= APPS && !is_again);
    if let Some(apps) = few.filter(|_| suite.labels.is_empty()) {
        suite.labels = apps.into_iter().map(str::to_owned).collect();
    }
    Ok(serde_json::to_string(&Job::Suite(suite)).unwrap_or_default())
}

/// The app that a test is in: `a` of `a.tests.B.test_c` and of `setUpClass (a.tests.B)`.
fn app(test: &str) -> Option<&str> {
    let place = match test.split_once(" (") {
        Some((name, place)) if !name.contains('.') => place,
        _ => test,
    };
    let place = place.trim_start_matches("unittest.loader._FailedTest.");
    let app = place.split(['.', ' ', ')']).next().unwrap_or_default();
    let is_name = |app: &&str| {
        let known = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !app.is_empty() && app.chars().all(known)
    };
    Some(app).filter(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_what_a_test_of_any_kind_is_in() {
        for (test, expected) in [
            ("queries.tests.A.test_b", Some("queries")),
            ("setUpClass (queries.tests.A)", Some("queries")),
            ("unittest.loader._FailedTest.queries.tests", Some("queries")),
            (
                "gis_tests.geoapp.tests.A.test_b (key='(a.b)')",
                Some("gis_tests"),
            ),
            ("--settings=x", None),
            ("", None),
        ] {
            assert_eq!(app(test), expected, "{test}");
        }
    }
}
