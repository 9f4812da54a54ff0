//! What a watcher does, rule by rule.

use std::time::Duration;

use djbuild::model::Outcome;
use djbuild::spec::{Collapse, Cron, Files, First, Release, Telling, Trigger};
use djbuild::store::farm::{Progress, QueuedRequest};

use super::story::{SECOND, Story, scheduler, watch};

fn at_once() -> Story {
    Story::new(watch(vec![scheduler("branches", Duration::ZERO)]))
}

fn outcome(request: &QueuedRequest) -> String {
    match &request.progress {
        Progress::Ended(ended) => ended.outcome.clone(),
        Progress::Waiting => "waiting".to_owned(),
        Progress::Running => "running".to_owned(),
    }
}

/// Scheduler, commit and outcome of all requests.
fn told(story: &mut Story) -> Vec<(String, String)> {
    let requests = story.requests();
    let short = |request: &QueuedRequest| {
        let number = u64::from_str_radix(&request.asked.revision, 16).expect("hex");
        (
            format!("{} {number}", request.asked.branch),
            outcome(request),
        )
    };
    requests.iter().map(short).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(what, outcome): &(&str, &str)| ((*what).to_owned(), (*outcome).to_owned());
    expected.iter().map(pair).collect()
}

#[test]
fn where_nothing_moved_nothing_is_fetched_or_requested() {
    let mut story = at_once();
    story.surely(Story::poll);
    let fetches = story.forge.fetches();
    for _ in 0..10 {
        story.pass(Duration::from_secs(60));
        assert_eq!(story.surely(Story::poll), 0);
    }
    assert_eq!(story.forge.fetches(), fetches);
    assert_eq!(told(&mut story), pairs(&[("main 1", "waiting")]));
}

#[test]
fn the_first_sight_of_a_branch_requests_what_the_file_says() {
    for (first, expected) in [
        (First::Tip, vec![("main 4", "waiting")]),
        (First::Nothing, vec![]),
        (
            First::Since(format!("{:040x}", 2)),
            vec![("main 4", "waiting")],
        ),
    ] {
        let mut one = scheduler("branches", Duration::ZERO);
        one.first = first.clone();
        let mut story = Story::new(watch(vec![one]));
        for _ in 0..3 {
            story.forge.push("main", &["django/b.py"]);
        }
        story.surely(Story::poll);
        assert_eq!(told(&mut story), pairs(&expected), "{first:?}");
    }
}

#[test]
fn commits_that_come_close_together_are_one_request_that_shows_them_all() {
    let mut story = Story::new(watch(vec![scheduler("branches", 10 * SECOND)]));
    story.surely(Story::poll);
    story.rest();
    for _ in 0..3 {
        story.forge.push("main", &["django/b.py"]);
        story.surely(Story::poll);
        story.pass(5 * SECOND);
        story.surely(Story::tick);
    }
    assert_eq!(told(&mut story).len(), 1, "it has not settled");
    story.pass(5 * SECOND);
    story.surely(Story::tick);
    let id = story.requests().last().expect("one").id;
    let covers = story
        .farm
        .look(|book| book.covered(id).map_err(djbuild::watch::WatchError::from))
        .expect("readable");
    assert_eq!(covers.len(), 3);
    assert_eq!(
        told(&mut story),
        pairs(&[("main 1", "passed"), ("main 4", "waiting")])
    );
}

#[test]
fn a_branch_that_never_rests_is_tested_all_the_same() {
    let mut story = Story::new(watch(vec![scheduler("branches", 10 * SECOND)]));
    story.surely(Story::poll);
    story.rest();
    let begun = story.now;
    while told(&mut story).len() == 1 {
        story.forge.push("main", &["django/b.py"]);
        story.surely(Story::poll);
        story.pass(5 * SECOND);
        story.surely(Story::tick);
        assert!(story.now.since(begun) < Duration::from_secs(700));
    }
    assert!(story.now.since(begun) >= Duration::from_secs(595));
}

#[test]
fn each_commit_is_tested_where_none_stands_for_another() {
    let mut one = scheduler("branches", Duration::ZERO);
    one.collapse = Collapse::Never;
    let mut story = Story::new(watch(vec![one]));
    story.surely(Story::poll);
    for _ in 0..3 {
        story.forge.push("main", &["django/b.py"]);
    }
    story.rest();
    let all = ["main 1", "main 2", "main 3", "main 4"].map(|one| (one, "passed"));
    assert_eq!(told(&mut story), pairs(&all));
}

#[test]
fn what_waits_is_superseded_by_a_newer_commit_and_what_was_forced_out_by_nothing() {
    let mut story = at_once();
    story.surely(Story::poll);
    story.rest();
    story.forge.push("main", &["django/b.py"]);
    story.surely(Story::poll);
    story.forge.push("main", &["django/c.py"]);
    story.surely(Story::poll);
    assert_eq!(
        told(&mut story)[1..],
        pairs(&[("main 2", "superseded"), ("main 3", "waiting")])
    );
    story.forge.amend("main");
    story.surely(Story::poll);
    let requests = story.requests();
    let Progress::Ended(ended) = &requests[2].progress else {
        panic!("it waits for a commit that is gone");
    };
    assert_eq!(ended.word, "main does not have it any more");
    story.rest();
    assert_eq!(
        told(&mut story)[3],
        ("main 4".to_owned(), "passed".to_owned())
    );
}

#[test]
fn a_branch_that_is_set_back_to_a_commit_it_had_is_tested_again() {
    let mut story = at_once();
    let first = story.forge.tip("main").expect("there");
    story.surely(Story::poll);
    story.rest();
    story.forge.push("main", &["django/b.py"]);
    story.rest();
    story.forge.reset("main", &first);
    story.rest();
    let all = ["main 1", "main 2", "main 1"].map(|one| (one, "passed"));
    assert_eq!(told(&mut story), pairs(&all));
}

#[test]
fn a_branch_that_is_deleted_leaves_nothing_waiting_and_comes_again_as_a_new_one() {
    let mut story = at_once();
    story.surely(Story::poll);
    story.rest();
    story.forge.push("fix", &["django/b.py"]);
    story.surely(Story::poll);
    story.forge.delete("fix");
    story.surely(Story::poll);
    assert_eq!(told(&mut story)[1..], pairs(&[("fix 2", "superseded")]));
    story.forge.reset("fix", &format!("{:040x}", 2));
    story.rest();
    assert_eq!(
        told(&mut story)[2],
        ("fix 2".to_owned(), "passed".to_owned())
    );
}

#[test]
fn a_run_of_a_branch_that_is_deleted_meanwhile_says_nothing_of_the_next_of_its_name() {
    let mut story = at_once();
    story.verdict = Box::new(|request, _| match request.asked.position {
        1 => Outcome::Failed,
        _ => Outcome::Passed,
    });
    story.watch.schedulers[0].branches = vec![djbuild::spec::Pattern::new("fix").expect("a glob")];
    story.forge.push("fix", &["django/b.py"]);
    story.surely(Story::poll);
    story.surely(Story::begin);
    story.forge.delete("fix");
    story.surely(Story::poll);
    story.forge.push("fix", &["django/c.py"]);
    story.surely(Story::poll);
    story.surely(|story| story.end(0));
    assert!(story.notices().is_empty(), "{:?}", story.notices());
}

#[test]
fn the_same_commit_on_two_branches_is_requested_on_both() {
    let mut story = at_once();
    let tip = story.forge.push("main", &["django/b.py"]);
    story.forge.reset("stable", &tip);
    story.rest();
    let all = [("main 2", "passed"), ("stable 2", "passed")];
    assert_eq!(told(&mut story), pairs(&all));
}

#[test]
fn one_bad_branch_holds_no_other_up_and_is_taken_up_where_it_was() {
    let mut story = at_once();
    story.forge.push("bad", &["django/b.py"]);
    story.rest();
    story.forge.set_broken("bad", true);
    story.forge.push("bad", &["django/c.py"]);
    story.forge.push("main", &["django/d.py"]);
    story.surely(Story::poll);
    assert_eq!(
        told(&mut story).last(),
        pairs(&[("main 4", "waiting")]).last()
    );
    story.rest();
    assert_eq!(
        told(&mut story).last(),
        pairs(&[("bad 3", "passed")]).last()
    );
}

#[test]
fn a_repository_that_is_away_is_told_once_and_once_more_when_it_is_back() {
    let mut story = at_once();
    story.surely(Story::poll);
    story.forge.set_away(true);
    for _ in 0..8 {
        story.pass(Duration::from_secs(3600));
        story.surely(Story::poll);
    }
    story.forge.set_away(false);
    story.surely(Story::poll);
    let notices = story.notices();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[0].notice.body.contains("3 polls in a row failed"));
    assert!(notices[1].notice.body.contains("answers again"));
}

#[test]
fn only_files_that_concern_a_scheduler_set_it_off_all_commits_taken_together() {
    let mut code = scheduler("code", 10 * SECOND);
    code.files = Files::new(["!docs/**"]).expect("a glob");
    let mut docs = scheduler("docs", 10 * SECOND);
    docs.files = Files::new(["docs/**"]).expect("a glob");
    let mut story = Story::new(watch(vec![code, docs]));
    story.rest();
    story.forge.push("main", &["docs/a.txt"]);
    story.rest();
    let by_name = |requests: &[QueuedRequest], from: usize| -> Vec<(String, String)> {
        let pair = |request: &QueuedRequest| (request.asked.scheduler.clone(), outcome(request));
        requests[from..].iter().map(pair).collect()
    };
    let requests = story.requests();
    let from = requests.len() - 2;
    assert_eq!(
        by_name(&requests, from),
        pairs(&[("code", "unneeded"), ("docs", "passed")])
    );
    story.forge.push("main", &["docs/b.txt"]);
    story.forge.push("main", &["django/b.py"]);
    story.rest();
    let requests = story.requests();
    assert_eq!(
        by_name(&requests, from + 2),
        pairs(&[("code", "passed"), ("docs", "passed")])
    );
}

#[test]
fn a_run_that_is_superseded_is_cancelled_three_times_in_a_row_and_no_more() {
    let mut one = scheduler("branches", Duration::ZERO);
    one.cancel_superseded = true;
    let mut story = Story::new(watch(vec![one]));
    let mut outcomes = Vec::new();
    for _ in 0..5 {
        story.forge.push("main", &["django/b.py"]);
        story.surely(Story::poll);
        story.surely(Story::begin);
        story.forge.push("main", &["django/c.py"]);
        story.surely(Story::poll);
        story.surely(|story| story.end(0));
        let requests = story.requests();
        let last = requests.iter().rfind(
            |one| matches!(&one.progress, Progress::Ended(ended) if ended.outcome != "superseded"),
        );
        outcomes.push(outcome(last.expect("one ended")));
    }
    let expected = ["cancelled", "cancelled", "cancelled", "passed", "cancelled"];
    assert_eq!(outcomes, expected);
}

#[test]
fn what_comes_after_another_runs_its_revision_or_says_why_not() {
    let mut after = scheduler("slow", Duration::ZERO);
    after.trigger = Trigger::After {
        scheduler: "branches".to_owned(),
        release: Release::Passed,
    };
    let mut story = Story::new(watch(vec![scheduler("branches", Duration::ZERO), after]));
    story.verdict = Box::new(|request, _| match request.asked.position {
        2 if request.asked.scheduler == "branches" => Outcome::Failed,
        _ => Outcome::Passed,
    });
    story.rest();
    story.forge.push("main", &["django/b.py"]);
    story.rest();
    let all = [
        ("main 1", "passed"),
        ("main 1", "passed"),
        ("main 2", "failed"),
        ("main 2", "unneeded"),
    ];
    assert_eq!(told(&mut story), pairs(&all));
}

#[test]
fn a_nightly_runs_what_has_changed_and_once_for_each_night() {
    let mut nightly = scheduler("nightly", Duration::ZERO);
    nightly.trigger = Trigger::Cron(Cron {
        schedule: "0 3 * * *".to_owned(),
        zone: "UTC".to_owned(),
        only_if_changed: true,
        force_every: Some(Duration::from_secs(7 * 86_400)),
        catch_up: true,
    });
    let mut other = nightly.clone();
    other.name = "other".to_owned();
    let mut story = Story::new(watch(vec![nightly, other]));
    let mut nights = Vec::new();
    for day in 0..12 {
        if day == 3 {
            story.forge.push("main", &["django/b.py"]);
        }
        let before = story.requests().len();
        for _ in 0..48 {
            story.pass(Duration::from_secs(1800));
            story.surely(Story::poll);
            story.surely(Story::tick);
            while story.surely(Story::begin) {
                story.surely(|story| story.end(0));
            }
        }
        nights.push(story.requests().len() - before);
    }
    // Both fire: the first night, the one after the commit, and a week after that.
    assert_eq!(nights, [2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 2, 0]);
}

#[test]
fn a_clock_that_is_set_back_or_forward_makes_nothing_twice_and_nothing_silent() {
    let mut nightly = scheduler("nightly", Duration::ZERO);
    nightly.trigger = Trigger::Cron(Cron {
        schedule: "0 3 * * *".to_owned(),
        zone: "UTC".to_owned(),
        only_if_changed: false,
        force_every: None,
        catch_up: true,
    });
    let mut story = Story::new(watch(vec![nightly, scheduler("branches", 10 * SECOND)]));
    story.now.0 += 86_400_000 - story.now.0 % 86_400_000;
    story.rest_a_little();
    let count = |story: &mut Story| {
        let requests = story.requests();
        requests
            .iter()
            .filter(|one| one.asked.kind == "cron")
            .count()
    };
    let before = count(&mut story);
    story.pass(Duration::from_secs(4 * 3600));
    story.surely(Story::tick);
    assert_eq!(count(&mut story), before + 1);
    story.now.0 -= 3 * 3_600_000;
    story.forge.push("main", &["django/b.py"]);
    story.surely(Story::poll);
    story.surely(Story::tick);
    story.pass(3 * 3600 * SECOND);
    story.surely(Story::tick);
    assert_eq!(count(&mut story), before + 1, "not twice");
    story.pass(27 * 3600 * SECOND);
    story.surely(Story::tick);
    assert_eq!(count(&mut story), before + 2, "the next night");
}

#[test]
fn requests_of_a_scheduler_that_is_gone_end_cancelled() {
    let mut story = at_once();
    story.surely(Story::poll);
    story.watch.schedulers[0].name = "others".to_owned();
    story.surely(Story::start);
    assert_eq!(told(&mut story), pairs(&[("main 1", "cancelled")]));
}

#[test]
fn a_run_that_is_killed_is_tried_once_more_and_then_given_up() {
    let mut story = at_once();
    story.surely(Story::poll);
    for expected in ["waiting", "infrastructure"] {
        story.surely(Story::begin);
        story.die();
        assert_eq!(told(&mut story), pairs(&[("main 1", expected)]));
    }
    let notices = story.notices();
    assert!(
        notices[0]
            .notice
            .body
            .contains("and again when it was tried once more"),
        "{notices:?}"
    );
}

#[test]
fn what_was_killed_before_it_ran_is_tried_again_but_not_for_ever() {
    let mut story = at_once();
    story.surely(Story::poll);
    for expected in [
        "waiting",
        "waiting",
        "waiting",
        "waiting",
        "waiting",
        "infrastructure",
    ] {
        story.surely(Story::claim);
        story.die();
        assert_eq!(told(&mut story), pairs(&[("main 1", expected)]));
    }
}

#[test]
fn all_that_a_dead_engine_spoils_is_told_once_until_something_is_tested_again() {
    let mut story = at_once();
    for branch in ["a", "b", "c"] {
        story.forge.push(branch, &["django/b.py"]);
    }
    story.verdict = Box::new(|request, _| match request.asked.position {
        1 => Outcome::Infrastructure,
        _ => Outcome::Passed,
    });
    story.rest();
    assert_eq!(story.notices().len(), 1, "four runs of two cells");
    story.forge.push("main", &["django/c.py"]);
    story.rest();
    story.forge.push("d", &["django/d.py"]);
    story.rest();
    assert_eq!(story.notices().len(), 2, "another trouble");
}

#[test]
fn who_wants_to_hear_of_every_run_does_and_the_others_hear_no_more_for_it() {
    let mut story = at_once();
    let mut status = story.watch.receivers[0].clone();
    status.name = "status".to_owned();
    status.on = vec![Telling::Every];
    story.watch.receivers.push(status);
    story.verdict = Box::new(|request, _| match request.asked.position {
        1 => Outcome::Passed,
        2 | 3 => Outcome::Failed,
        _ => Outcome::Infrastructure,
    });
    story.rest();
    for file in ["django/b.py", "django/c.py", "django/d.py"] {
        story.forge.push("main", &[file]);
        story.rest();
    }
    let told = |story: &mut Story, receiver: &str| {
        let notices = story.notices().into_iter();
        let its = notices.filter(|row| row.notice.receiver == receiver);
        its.map(|row| serde_json::from_str(&row.notice.body).expect("JSON"))
            .collect::<Vec<serde_json::Value>>()
    };
    let every = told(&mut story, "status");
    let outcomes: Vec<&str> = every
        .iter()
        .filter_map(|news| news["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["passed", "failed", "failed", "infrastructure"]);
    assert_eq!(every[0]["scheduler"], "branches");
    assert!(
        every[1]["headline"]
            .as_str()
            .expect("words")
            .contains("failed: every cell")
    );
    assert_eq!(told(&mut story, "team").len(), 2, "red, and a trouble");
}

#[test]
fn a_dead_receiver_is_tried_for_a_day_and_what_waits_behind_keeps_its_order() {
    let mut story = at_once();
    story.verdict = Box::new(|request, _| match request.asked.position % 2 {
        0 => Outcome::Passed,
        _ => Outcome::Failed,
    });
    story.rest();
    story.forge.push("main", &["django/b.py"]);
    story.post.is_away.set(true);
    story.surely(Story::poll);
    story.surely(Story::begin);
    story.surely(|story| story.end(0));
    for _ in 0..30 {
        story.surely(Story::send);
        story.pass(Duration::from_secs(600));
    }
    assert_eq!(story.post.taken.borrow().len(), 1, "the first");
    let tries = story.notices()[1].tries;
    assert!((5..15).contains(&tries), "{tries}");
    story.post.is_away.set(false);
    story.rest();
    let taken: Vec<String> = {
        let taken = story.post.taken.borrow();
        taken.iter().map(|notice| notice.id.clone()).collect()
    };
    assert_eq!(taken, ["request 1 for team", "request 2 for team"]);
    story.post.is_away.set(true);
    story.forge.push("main", &["django/c.py"]);
    story.surely(Story::poll);
    story.surely(Story::begin);
    story.surely(|story| story.end(0));
    for _ in 0..40 {
        story.pass(Duration::from_secs(3600));
        story.surely(Story::send);
    }
    let dead = story.notices().pop().expect("three");
    assert_eq!(dead.posted, djbuild::store::farm::Posted::Dead);
    assert_eq!(dead.trouble.as_deref(), Some("away"));
    let status = story.status();
    assert_eq!(status.dead, [dead.number]);
    let refused: Vec<(i64, &str)> = status
        .refused
        .iter()
        .map(|refused| (refused.notice, refused.trouble.as_str()))
        .collect();
    assert_eq!(refused, [(dead.number, "away")]);
}
