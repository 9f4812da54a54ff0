//! What somebody tries says nothing of a branch.

use std::time::Duration;

use djbuild::model::Outcome;
use djbuild::spec::{Release, Scheduler, Trigger};
use djbuild::store::farm::{NewRequest, Progress, QueuedRequest};
use djbuild::watch::{Kind, TRIES, WatchError};

use super::forge::PLACE;
use super::story::{SECOND, Story, scheduler, watch};

/// A patch on the tip of `main`, which is a commit that no remote has.
fn attempt(story: &mut Story) -> i64 {
    let now = story.now;
    let made = story.farm.within(|book| {
        let branch = book.branch(PLACE, "main")?.expect("it was seen");
        let new = NewRequest {
            repository: PLACE.to_owned(),
            branch: branch.name,
            revision: "f".repeat(40),
            scheduler: TRIES.to_owned(),
            cause: format!("tried {}", now.0),
            kind: Kind::Try.as_str().to_owned(),
            position: branch.position,
            job: "{}".to_owned(),
            priority: 1,
            locks: Vec::new(),
            who: "ann".to_owned(),
            reason: "a try".to_owned(),
        };
        book.add_request(&new, now).map_err(WatchError::from)
    });
    made.expect("writable").expect("new")
}

fn of(story: &mut Story, id: i64) -> QueuedRequest {
    let mut requests = story.requests().into_iter();
    requests.find(|request| request.id == id).expect("made")
}

fn after(name: &str, upstream: &str) -> Scheduler {
    let mut one = scheduler(name, Duration::ZERO);
    one.trigger = Trigger::After {
        scheduler: upstream.to_owned(),
        release: Release::Decided,
    };
    one
}

#[test]
fn a_red_try_turns_no_cell_tells_nobody_and_sets_nothing_off() {
    let mut story = Story::new(watch(vec![
        scheduler("branches", Duration::ZERO),
        after("next", TRIES),
    ]));
    story.rest_a_little();
    let id = attempt(&mut story);
    story.verdict = Box::new(|_, _| Outcome::Failed);
    story.rest_a_little();
    match of(&mut story, id).progress {
        Progress::Ended(ended) => assert_eq!(ended.outcome, "failed"),
        progress => panic!("{progress:?}"),
    }
    let standings = story
        .farm
        .look(|book| book.standings().map_err(WatchError::from))
        .expect("readable");
    assert!(!standings.is_empty());
    assert!(
        standings
            .iter()
            .all(|one| one.colour == djbuild::store::farm::Colour::Green)
    );
    assert!(story.notices().is_empty());
    assert!(
        story
            .requests()
            .iter()
            .all(|request| request.asked.scheduler != "next")
    );
}

#[test]
fn a_try_goes_first_and_no_newer_commit_force_push_or_reload_ends_it() {
    let mut busy = scheduler("branches", Duration::ZERO);
    busy.cancel_superseded = true;
    let file = watch(vec![busy]);
    let mut story = Story::new(file.clone());
    story.rest_a_little();
    story.forge.push("main", &["a.py"]);
    story.pass(61 * SECOND);
    story.poll().expect("nothing pulls the plug");
    let id = attempt(&mut story);
    let claimed = story.claim().expect("readable").expect("two wait");
    assert_eq!(claimed.request.id, id);
    let second = {
        story.pass(SECOND);
        attempt(&mut story)
    };
    story.forge.amend("main");
    story.pass(61 * SECOND);
    story.poll().expect("nothing pulls the plug");
    story.reload(file);
    for id in [id, second] {
        let request = of(&mut story, id);
        assert!(request.cancel.is_none());
        assert!(
            !matches!(request.progress, Progress::Ended(_)),
            "{request:?}"
        );
    }
    story.die();
    story.rest_a_little();
    assert!(matches!(of(&mut story, id).progress, Progress::Ended(_)));
}
