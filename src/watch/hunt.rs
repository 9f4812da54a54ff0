use std::collections::{BTreeMap, BTreeSet};

use super::WatchError;
use super::ending::{CellVerdict, Ending, Verdicts};
use super::place::Place;
use super::trail::Trail;
use crate::model::{Moment, Outcome};
use crate::spec::Watch;
use crate::store::farm::{
    Book, Change, Ended, Hunt, HuntState, NewHunt, Progress, QueuedRequest, Seen, Standing,
};

/// Begins to search for what turned these cells red, each of which was green at a place,
/// where more than one commit may have. Those in which the same tests fail were broken by
/// the same commit: one search is for all of them.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn begin_hunts(
    book: &Book<'_>,
    watch: &Watch,
    request: &QueuedRequest,
    verdicts: &Verdicts,
    turned: &[(Standing, i64)],
    now: Moment,
) -> Result<(), WatchError> {
    if watch.bisect_per_day == 0 {
        return Ok(());
    }
    let asked = &request.asked;
    let mut alike: BTreeMap<&[String], Vec<&(Standing, i64)>> = BTreeMap::new();
    for one in turned {
        alike.entry(&one.0.failing).or_default().push(one);
    }
    for (failing, those) in alike {
        // Where it was green last there are the fewest commits between.
        let Some((probed, good)) = those.iter().rev().max_by_key(|(_, good)| *good) else {
            continue;
        };
        let names = |cells: &mut dyn Iterator<Item = &String>| -> Vec<String> {
            cells
                .cloned()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect()
        };
        let new = NewHunt {
            request: request.id,
            run: verdicts.run.clone(),
            repository: asked.repository.clone(),
            branch: asked.branch.clone(),
            question: probed.question.clone(),
            cell: probed.cell.clone(),
            cells: names(&mut those.iter().map(|(standing, _)| &standing.cell)),
            among: names(&mut verdicts.cells.iter().map(|cell| &cell.cell)),
            good: *good,
            bad: asked.position,
            failing: failing.to_vec(),
        };
        let open = book.open_hunts()?;
        if let Some(same) = open.iter().find(|open| is_same(&open.about, &new)) {
            let about = &same.about;
            let cells = names(&mut about.cells.iter().chain(&new.cells));
            let among = names(&mut about.among.iter().chain(&new.among));
            book.widen_hunt(same.id, &cells, &among)?;
        } else if new.bad.saturating_sub(new.good) > 1 {
            book.add_hunt(&new, now)?;
        }
    }
    Ok(())
}

/// Whether one commit may have done both.
fn is_same(open: &NewHunt, new: &NewHunt) -> bool {
    (&open.repository, &open.branch) == (&new.repository, &new.branch)
        && open.question == new.question
        && open.failing == new.failing
        && open.good < new.bad
        && new.good < open.bad
}

/// The commits that a search is about, and what is known of them.
pub fn trail(book: &Book<'_>, about: &NewHunt, hunt: i64) -> Result<Trail, WatchError> {
    let place = (about.repository.as_str(), about.branch.as_str());
    let before = about.good.saturating_sub(1);
    let mut span = book.changes_between(place, before, about.bad)?;
    let is_base = |first: &&Change| first.position == about.good;
    let has_base = span.first().as_ref().is_some_and(is_base);
    let base = has_base.then(|| span.remove(0).revision);
    Ok(Trail::new(base, span, book.probes(hunt)?))
}

/// What a cell's verdict says of a commit, to whom it may have broken these tests.
pub fn sight(outcome: Outcome, tests: &[String], failing: &[String]) -> Seen {
    match outcome {
        Outcome::Passed => Seen::Good,
        // No test is to blame: the suite did not get so far.
        Outcome::Failed | Outcome::Errored | Outcome::Empty if failing.is_empty() => Seen::Bad,
        Outcome::Failed if tests.iter().any(|test| failing.contains(test)) => Seen::Bad,
        // They were run and did not fail, unless what they are in could not be set up.
        Outcome::Failed if tests.iter().all(|test| is_a_test(test)) => Seen::Good,
        _ => Seen::Unclear,
    }
}

/// Whether this failed itself, and not what others need: `setUpClass (a.tests.B)`, or a
/// module that cannot be imported.
fn is_a_test(id: &str) -> bool {
    !id.contains(' ') && !id.starts_with("unittest.loader.")
}

/// Takes what a probe said.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn witness(
    book: &Book<'_>,
    request: &QueuedRequest,
    ending: &Ending,
) -> Result<(), WatchError> {
    let Some(hunt) = book.hunt_of(request.id)? else {
        return Ok(());
    };
    let Hunt { about, .. } = &hunt;
    let is_its = |cell: &&CellVerdict| cell.cell == about.cell;
    let cell = match ending {
        Ending::Run(verdicts) => verdicts.cells.iter().find(is_its),
        Ending::Without { .. } => None,
    };
    let seen = cell.map_or(Seen::Unclear, |cell| {
        sight(cell.outcome, &cell.failing, &about.failing)
    });
    Ok(book.note_seen(request.id, seen)?)
}

/// The commits of which a branch has to keep one for somebody to want to know.
pub fn wanted_revisions(book: &Book<'_>, place: &Place<'_>) -> Result<Vec<String>, WatchError> {
    let mut revisions = Vec::new();
    for hunt in hunts_on(book, place)? {
        revisions.extend(oldest(book, &hunt)?);
    }
    Ok(revisions)
}

/// Ends searches among commits of a branch that are gone, all of them.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn drop_hunts(
    book: &Book<'_>,
    place: &Place<'_>,
    is_gone: &dyn Fn(&str) -> bool,
    word: &str,
    now: Moment,
) -> Result<(), WatchError> {
    for hunt in hunts_on(book, place)? {
        // Where it is gone, those that were made on it are.
        if oldest(book, &hunt)?.is_some_and(|oldest| !is_gone(&oldest)) {
            continue;
        }
        end_hunt(book, hunt.id, (HuntState::Dropped, None), word, now)?;
    }
    Ok(())
}

/// Ends a search, and what is still under way for it.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn end_hunt(
    book: &Book<'_>,
    id: i64,
    end: (HuntState, Option<&str>),
    word: &str,
    now: Moment,
) -> Result<(), WatchError> {
    book.end_hunt(id, end, word, now)?;
    let probes = book.probes(id)?.into_iter();
    for probe in probes.filter(|probe| probe.seen.is_none()) {
        let request = book.request(probe.request)?;
        match request.map(|request| request.progress) {
            Some(Progress::Waiting) => {
                let ended = Ended {
                    at: now,
                    outcome: "superseded".to_owned(),
                    word: word.to_owned(),
                    superseded: None,
                };
                book.end_request(probe.request, &ended)?;
            }
            Some(Progress::Running) => book.ask_to_end(probe.request, word)?,
            Some(Progress::Ended(_)) | None => {}
        }
    }
    Ok(())
}

fn hunts_on(book: &Book<'_>, place: &Place<'_>) -> Result<Vec<Hunt>, WatchError> {
    let mut hunts = book.open_hunts()?;
    hunts.retain(|hunt| {
        (hunt.about.repository.as_str(), hunt.about.branch.as_str()) == place.pair()
    });
    Ok(hunts)
}

fn oldest(book: &Book<'_>, hunt: &Hunt) -> Result<Option<String>, WatchError> {
    let trail = trail(book, &hunt.about, hunt.id)?;
    let suspects = trail.suspects();
    Ok(suspects.first().map(|change| change.revision.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_bad_where_one_of_the_same_tests_fails_and_good_where_none_of_them_can_have() {
        let words =
            |all: &[&str]| -> Vec<String> { all.iter().map(|one| (*one).to_owned()).collect() };
        let failing = words(&["a.tests.B.test_c", "a.tests.B.test_d"]);
        let say = |outcome, tests: &[&str]| sight(outcome, &words(tests), &failing);
        assert_eq!(say(Outcome::Passed, &[]), Seen::Good);
        assert_eq!(
            say(Outcome::Failed, &["x.tests.Y.test_z", "a.tests.B.test_d"]),
            Seen::Bad
        );
        assert_eq!(say(Outcome::Failed, &["x.tests.Y.test_z"]), Seen::Good);
        for test in [
            "setUpClass (a.tests.B)",
            "unittest.loader._FailedTest.a.tests",
        ] {
            assert_eq!(say(Outcome::Failed, &[test]), Seen::Unclear, "{test}");
        }
        for outcome in [
            Outcome::Errored,
            Outcome::Empty,
            Outcome::Infrastructure,
            Outcome::Cancelled,
            Outcome::Skipped,
        ] {
            assert_eq!(say(outcome, &[]), Seen::Unclear, "{outcome}");
        }
        // Where no test was to blame, whatever is red is as bad.
        assert_eq!(sight(Outcome::Errored, &[], &[]), Seen::Bad);
        assert_eq!(sight(Outcome::Infrastructure, &[], &[]), Seen::Unclear);
    }
}
