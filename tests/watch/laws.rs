//! What has to be true of a watcher that has come to rest, whatever happened to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use djbuild::model::Outcome;
use djbuild::store::farm::{Colour, HuntState, Posted, Progress, QueuedRequest};
use djbuild::watch::WatchError;

use super::forge::PLACE;
use super::model::Model;
use super::story::Story;

const DAY: Duration = Duration::from_secs(86_400);

pub fn check(story: &mut Story, model: &Model, seed: u64) {
    nothing_is_lost(story, model, seed);
    nothing_is_doubled(story, seed);
    standings_are_those_of_the_newest(story, seed);
    everybody_was_told(story, seed);
    culprits_are_searched_with_what_is_left_over(story, seed);
    culprits_did_it(story, seed);
}

/// Each change is there once for each arrival, and each tip was tested by each scheduler.
fn nothing_is_lost(story: &mut Story, model: &Model, seed: u64) {
    for branch in model.last.keys() {
        let mut expected: BTreeMap<String, usize> = BTreeMap::new();
        for ((name, commit), count) in &model.arrivals {
            if name == branch {
                expected.insert(commit.clone(), *count);
            }
        }
        let changes = story.farm.look(|book| {
            let all = book.changes_between((PLACE, branch), 0, i64::MAX);
            all.map_err(WatchError::from)
        });
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for change in changes.expect("readable") {
            *found.entry(change.revision).or_default() += 1;
        }
        assert_eq!(found, expected, "seed {seed}: changes of {branch}");
    }
    let requests = story.requests();
    for request in &requests {
        let is_over = matches!(request.progress, Progress::Ended(_));
        assert!(is_over, "seed {seed}: {request:?}");
    }
    for (branch, tip) in &model.last {
        for scheduler in &story.watch.schedulers {
            let last = requests.iter().rfind(|request| {
                request.asked.branch == *branch && request.asked.scheduler == scheduler.name
            });
            let revision = last.map(|request| request.asked.revision.as_str());
            assert_eq!(revision, Some(tip.as_str()), "seed {seed}: {branch}");
        }
    }
}

/// No run is of two requests, and no request was begun more often than it may be.
fn nothing_is_doubled(story: &mut Story, seed: u64) {
    let mut keys = BTreeSet::new();
    for request in story.requests() {
        let asked = &request.asked;
        let key = (
            asked.branch.clone(),
            asked.revision.clone(),
            asked.scheduler.clone(),
            asked.cause.clone(),
        );
        assert!(keys.insert(key), "seed {seed}: {request:?}");
        let attempts = story.farm.look(|book| {
            let all = book.attempts(request.id);
            all.map_err(WatchError::from)
        });
        let attempts = attempts.expect("readable");
        let ran = attempts.iter().filter(|attempt| attempt.run.is_some());
        assert!(ran.count() <= 2, "seed {seed}: {attempts:?}");
        let is_over = attempts.iter().all(|attempt| attempt.ended.is_some());
        assert!(is_over, "seed {seed}: {attempts:?}");
    }
}

/// A cell stands as the newest commit with a verdict says.
pub fn standings_are_those_of_the_newest(story: &mut Story, seed: u64) {
    let standings = story
        .farm
        .look(|book| book.standings().map_err(WatchError::from));
    let requests = story.requests();
    for standing in standings.expect("readable") {
        let branch = story.farm.look(|book| {
            let row = book.branch(PLACE, &standing.branch);
            row.map_err(WatchError::from)
        });
        let born = branch.expect("readable").expect("it was seen").born;
        let newest = requests.iter().filter(|request| {
            let decided = match &request.progress {
                Progress::Ended(ended) => ended.outcome == "passed" || ended.outcome == "failed",
                _ => false,
            };
            let counts = decided && request.asked.kind != "bisect";
            counts && request.asked.branch == standing.branch && request.asked.position > born
        });
        let newest = newest.max_by_key(|request| request.asked.position);
        let Some(newest) = newest else { continue };
        let cell = standing
            .cell
            .trim_start_matches(&format!("{}-", standing.branch));
        let expected = match (story.verdict)(newest, cell) {
            Outcome::Passed => Colour::Green,
            _ => Colour::Red,
        };
        assert_eq!(standing.colour, expected, "seed {seed}: {standing:?}");
    }
}

/// Every notice was taken, at least once.
fn everybody_was_told(story: &mut Story, seed: u64) {
    let taken: BTreeSet<String> = {
        let taken = story.post.taken.borrow();
        taken.iter().map(|notice| notice.id.clone()).collect()
    };
    for row in story.notices() {
        match row.posted {
            Posted::Sent(_) => assert!(taken.contains(&row.notice.id), "seed {seed}: {row:?}"),
            Posted::Dead => assert!(row.tries > 3, "seed {seed}: {row:?}"),
            Posted::Waiting => panic!("seed {seed}: {row:?}"),
        }
    }
}

/// No probe was requested while anything else was to be done, and no more in any 24 hours
/// than are wanted.
pub fn culprits_are_searched_with_what_is_left_over(story: &mut Story, seed: u64) {
    let requests = story.requests();
    let probes: Vec<&QueuedRequest> = requests
        .iter()
        .filter(|request| request.asked.kind == "bisect")
        .collect();
    for (at, probe) in probes.iter().enumerate() {
        let in_a_day = probes[at..].iter();
        let in_a_day = in_a_day.filter(|other| other.made.since(probe.made) < DAY);
        let bound = story.watch.bisect_per_day as usize;
        assert!(in_a_day.count() <= bound, "seed {seed}: after {probe:?}");
        let earlier = requests.iter().filter(|request| request.id < probe.id);
        for request in earlier {
            let Progress::Ended(ended) = &request.progress else {
                panic!("seed {seed}: {request:?} was open before {probe:?}");
            };
            assert!(ended.at <= probe.made, "seed {seed}: {request:?} {probe:?}");
        }
    }
}

/// A commit that is named did break the cell, and what it was made on did not.
fn culprits_did_it(story: &mut Story, seed: u64) {
    let requests = story.requests();
    for hunt in story.hunts() {
        let (HuntState::Found, Some(culprit)) = (hunt.state, &hunt.culprit) else {
            continue;
        };
        let mut like = requests
            .iter()
            .find(|request| request.id == hunt.about.request)
            .expect("it turned in one")
            .clone();
        let prefix = format!("{}-", hunt.about.branch);
        let cell = hunt.about.cell.trim_start_matches(&prefix).to_owned();
        like.asked.revision.clone_from(culprit);
        let outcome = (story.verdict)(&like, &cell);
        assert_eq!(outcome, Outcome::Failed, "seed {seed}: {hunt:?}");
        let is_sure = hunt.word.as_deref() == Some("it fails, and its parent passes");
        if let Some(parent) = story.forge.parent(culprit).filter(|_| is_sure) {
            like.asked.revision = parent;
            let outcome = (story.verdict)(&like, &cell);
            assert_eq!(outcome, Outcome::Passed, "seed {seed}: {hunt:?}");
        }
    }
}
