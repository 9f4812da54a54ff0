//! A cell turned red over several commits: which of them did it.

use std::time::Duration;

use djbuild::model::Outcome;
use djbuild::spec::Suite;
use djbuild::store::farm::{Colour, HuntState, QueuedRequest};
use djbuild::watch::{News, WatchError};

use super::laws::culprits_are_searched_with_what_is_left_over;
use super::story::{Story, scheduler, watch};

fn number(request: &QueuedRequest) -> u64 {
    u64::from_str_radix(&request.asked.revision, 16).expect("hex")
}

fn revision(number: u64) -> String {
    format!("{number:040x}")
}

/// A farm that has tested commit 1, which is green; all from `culprit` on are red.
fn broken_at(culprit: u64) -> Story {
    let mut story = Story::new(watch(vec![scheduler("branches", Duration::ZERO)]));
    story.watch.receivers[0].on = vec![djbuild::spec::Telling::Culprit];
    story.verdict = Box::new(move |request, _| match number(request) {
        number if number < culprit => Outcome::Passed,
        _ => Outcome::Failed,
    });
    story.rest_a_little();
    story
}

/// So many commits come in at once, and are tested together.
fn push(story: &mut Story, commits: u64) {
    for _ in 0..commits {
        story.forge.push("main", &["django/b.py"]);
    }
    story.surely(Story::poll);
    story.surely(|story| story.begin().map(drop));
    end_first(story);
}

/// Ends what runs, unless a kill did.
fn end_first(story: &mut Story) {
    story.surely(|story| {
        if story.running.is_empty() {
            Ok(())
        } else {
            story.end(0)
        }
    });
}

/// Minutes in which nothing comes in.
fn wait(story: &mut Story, minutes: u64) {
    for _ in 0..minutes {
        story.pass(Duration::from_secs(60));
        story.surely(Story::tick);
        while story.surely(Story::begin) {
            end_first(story);
        }
    }
}

fn probes(story: &mut Story) -> Vec<QueuedRequest> {
    let mut requests = story.requests();
    requests.retain(|request| request.asked.kind == "bisect");
    requests
}

fn news(story: &mut Story) -> Vec<News> {
    let notices = story.notices().into_iter();
    notices
        .map(|row| serde_json::from_str(&row.notice.body).expect("news"))
        .collect()
}

#[test]
fn the_commit_that_broke_cells_is_named_and_told_once() {
    for culprit in 2..=9 {
        let mut story = broken_at(culprit);
        push(&mut story, 8);
        wait(&mut story, 20);
        let hunts = story.hunts();
        assert_eq!(hunts.len(), 1, "{hunts:?}");
        assert_eq!(hunts[0].state, HuntState::Found);
        assert_eq!(hunts[0].culprit, Some(revision(culprit)));
        let word = hunts[0].word.as_deref();
        assert_eq!(word, Some("it fails, and its parent passes"));
        assert!(probes(&mut story).len() <= 4, "{:?}", probes(&mut story));
        let news = news(&mut story);
        assert_eq!(news.len(), 1, "{news:?}");
        let told = news[0].culprit.as_ref().expect("a culprit");
        assert_eq!(told.cells.len(), 2);
        assert_eq!(
            news[0].headline,
            format!(
                "main: {} broke every cell (author {}: commit {culprit})",
                &revision(culprit)[..10],
                culprit % 3
            )
        );
    }
}

#[test]
fn where_only_one_commit_came_in_or_nobody_wants_it_nothing_is_searched() {
    let mut story = broken_at(2);
    push(&mut story, 1);
    assert!(story.hunts().is_empty());
    let mut story = broken_at(2);
    story.watch.bisect_per_day = 0;
    push(&mut story, 8);
    wait(&mut story, 20);
    assert!(story.hunts().is_empty());
    assert!(probes(&mut story).is_empty());
}

#[test]
fn a_probe_is_of_one_cell_and_of_the_apps_that_failed_and_then_of_all_where_it_does_not_tell() {
    let mut story = broken_at(5);
    story.failing = Box::new(|_, _| vec!["queries.tests.A.test_b".to_owned()]);
    let was = std::mem::replace(&mut story.verdict, Box::new(|_, _| Outcome::Passed));
    story.verdict = Box::new(move |request, cell| match number(request) {
        5 if request.asked.kind == "bisect" => Outcome::Infrastructure,
        _ => was(request, cell),
    });
    push(&mut story, 8);
    wait(&mut story, 300);
    let probes = probes(&mut story);
    let suites: Vec<(u64, Suite)> = probes
        .iter()
        .map(|probe| {
            let djbuild::spec::Job::Suite(suite) =
                serde_json::from_str(&probe.asked.job).expect("a job");
            (number(probe), suite)
        })
        .collect();
    let (first, again): (Vec<_>, Vec<_>) = suites
        .iter()
        .filter(|(at, _)| *at == 5)
        .partition(|(_, suite)| !suite.labels.is_empty());
    assert_eq!((first.len(), again.len()), (1, 1), "{suites:?}");
    assert_eq!(first[0].1.labels, ["queries"]);
    assert_eq!(again[0].1.databases.len(), 1, "one cell: {suites:?}");
    assert_eq!(again[0].1.variants, ["plain"]);
    assert!(probes.iter().all(|probe| probe.asked.priority < 0));
    let hunt = &story.hunts()[0];
    assert_eq!(hunt.state, HuntState::Untold);
    let word = hunt.word.as_deref().expect("why");
    assert!(word.starts_with("1 commit cannot be judged"), "{word}");
}

#[test]
fn cells_in_which_the_same_tests_fail_are_one_search_and_others_are_another() {
    let mut story = broken_at(4);
    story.failing = Box::new(|_, _| vec!["a.tests.B.test_c".to_owned()]);
    push(&mut story, 8);
    assert_eq!(story.hunts().len(), 1);
    assert_eq!(story.hunts()[0].about.cells.len(), 2);
    let mut story = broken_at(4);
    story.failing = Box::new(|_, cell| vec![format!("{cell}.tests.B.test_c")]);
    push(&mut story, 8);
    assert_eq!(story.hunts().len(), 2);
    wait(&mut story, 30);
    let culprits: Vec<_> = story.hunts().into_iter().map(|hunt| hunt.culprit).collect();
    assert_eq!(culprits, [Some(revision(4)), Some(revision(4))]);
    assert_eq!(news(&mut story).len(), 2);
}

#[test]
fn another_failure_on_the_way_is_not_taken_for_the_one_that_is_searched() {
    let mut story = broken_at(7);
    story.failing = Box::new(|request, _| match number(request) {
        3..=5 => vec!["a.tests.B.test_other".to_owned()],
        _ => vec!["a.tests.B.test_c".to_owned()],
    });
    story.verdict = Box::new(|request, _| match number(request) {
        3..=5 | 7.. => Outcome::Failed,
        _ => Outcome::Passed,
    });
    push(&mut story, 8);
    wait(&mut story, 20);
    assert_eq!(story.hunts()[0].culprit, Some(revision(7)));
}

#[test]
fn a_test_that_failed_by_chance_blames_nobody() {
    let mut story = broken_at(2);
    story.verdict = Box::new(
        |request, _| match (number(request), request.asked.kind.as_str()) {
            (9, "commit") => Outcome::Failed,
            _ => Outcome::Passed,
        },
    );
    push(&mut story, 8);
    wait(&mut story, 20);
    let hunt = &story.hunts()[0];
    assert_eq!(hunt.state, HuntState::Untold);
    assert_eq!(hunt.culprit, None);
    assert!(news(&mut story).is_empty());
}

#[test]
fn an_engine_that_is_dead_for_hours_leaves_no_commit_out() {
    let mut story = broken_at(5);
    push(&mut story, 8);
    let was = std::mem::replace(&mut story.verdict, Box::new(|_, _| Outcome::Infrastructure));
    wait(&mut story, 90);
    assert_eq!(probes(&mut story).len(), 2, "one an hour");
    story.verdict = was;
    wait(&mut story, 90);
    assert_eq!(story.hunts()[0].culprit, Some(revision(5)));
}

#[test]
fn what_a_probe_says_is_no_standing_of_a_cell() {
    let mut story = broken_at(6);
    let was = std::mem::replace(&mut story.verdict, Box::new(|_, _| Outcome::Passed));
    story.verdict = Box::new(move |request, cell| match request.asked.kind.as_str() {
        // The other cell is green, whatever a probe sees of it.
        "bisect" if cell != super::story::CELLS[0] => Outcome::Failed,
        _ if cell != super::story::CELLS[0] => Outcome::Passed,
        _ => was(request, cell),
    });
    push(&mut story, 8);
    let standings = |story: &mut Story| {
        let all = story
            .farm
            .look(|book| book.standings().map_err(WatchError::from));
        all.expect("readable")
    };
    let before = standings(&mut story);
    wait(&mut story, 20);
    assert_eq!(story.hunts()[0].culprit, Some(revision(6)));
    assert_eq!(standings(&mut story), before);
    let red = before.iter().filter(|one| one.colour == Colour::Red);
    assert_eq!(red.count(), 1);
}

#[test]
fn probes_are_made_while_nothing_else_is_to_be_done_and_no_more_than_wanted_in_a_day() {
    let mut story = broken_at(30);
    story.watch.bisect_per_day = 2;
    push(&mut story, 60);
    // Something else waits.
    story.forge.push("fix", &["django/b.py"]);
    story.surely(Story::poll);
    story.surely(Story::tick);
    assert!(probes(&mut story).is_empty());
    let mut days = Vec::new();
    for _ in 0..4 {
        wait(&mut story, 60);
        days.push(probes(&mut story).len());
        story.pass(Duration::from_secs(23 * 3600));
    }
    assert_eq!(days, [2, 4, 6, 6]);
    assert_eq!(story.hunts()[0].culprit, Some(revision(30)));
    culprits_are_searched_with_what_is_left_over(&mut story, 0);
}

#[test]
fn a_cell_that_is_green_again_still_has_its_culprit_found() {
    let mut story = broken_at(4);
    push(&mut story, 8);
    let was = std::mem::replace(&mut story.verdict, Box::new(|_, _| Outcome::Passed));
    story.verdict = Box::new(move |request, cell| match number(request) {
        10.. => Outcome::Passed,
        _ => was(request, cell),
    });
    push(&mut story, 1);
    wait(&mut story, 20);
    assert_eq!(story.hunts()[0].culprit, Some(revision(4)));
}

#[test]
fn a_branch_that_loses_its_tip_keeps_its_culprit_and_one_that_loses_all_or_is_deleted_does_not() {
    let mut story = broken_at(4);
    push(&mut story, 8);
    story.forge.amend("main");
    wait(&mut story, 1);
    story.surely(Story::poll);
    wait(&mut story, 20);
    assert_eq!(story.hunts()[0].culprit, Some(revision(4)));

    let mut story = broken_at(4);
    push(&mut story, 8);
    story.surely(Story::tick);
    assert_eq!(probes(&mut story).len(), 1, "it waits");
    story.forge.reset("main", &revision(1));
    story.forge.amend("main");
    story.surely(Story::poll);
    let hunt = &story.hunts()[0];
    assert_eq!(hunt.state, HuntState::Dropped);
    assert_eq!(hunt.word.as_deref(), Some("main does not have it any more"));
    wait(&mut story, 20);
    assert_eq!(probes(&mut story).len(), 1);

    let mut story = broken_at(4);
    story.forge.push("fix", &["django/b.py"]);
    story.verdict = Box::new(|request, _| match number(request) {
        4.. => Outcome::Failed,
        _ => Outcome::Passed,
    });
    story.rest_a_little();
    for _ in 0..4 {
        story.forge.push("fix", &["django/b.py"]);
    }
    story.surely(Story::poll);
    story.surely(Story::begin);
    story.surely(|story| story.end(0));
    story.surely(Story::tick);
    story.surely(Story::begin);
    story.forge.delete("fix");
    story.surely(Story::poll);
    assert_eq!(story.hunts()[0].word.as_deref(), Some("fix was deleted"));
    let probe = probes(&mut story).pop().expect("one");
    assert_eq!(probe.cancel.as_deref(), Some("fix was deleted"));
    story.surely(|story| story.end(0));
    assert_eq!(story.hunts()[0].state, HuntState::Dropped);
}

#[test]
fn what_others_runs_have_said_is_not_probed_again() {
    let mut story = broken_at(4);
    push(&mut story, 8);
    // Somebody has forced commit 5, of which the index of runs knows what it came to.
    let file = rusqlite::Connection::open(story.file()).expect("there");
    for (number, outcome) in [(3, "passed"), (5, "failed")] {
        let sql = format!(
            "INSERT INTO request VALUES ({id}, 'https://example.org/django.git', 'main', '{}',
                'forced', 'forced {number}', 'forced', {number},
                (SELECT job FROM request LIMIT 1), 1, '[]', '', '', 1, 'ended', NULL, 1,
                '{outcome}', '', NULL, 1);
             INSERT INTO attempt VALUES ({id}, 1, 'f{number}', 1, 1, '{outcome}');
             INSERT INTO run VALUES ('f{number}', 1, 2, 3, '{outcome}', 'quick', '[]', '[]', NULL,
                NULL, 1, NULL);
             INSERT INTO cell VALUES ('f{number}', '{cell}', 'main', '3.14', 'postgresql17', NULL,
                '{outcome}', NULL, 1, 1, 0, 0);",
            revision(number),
            id = 100 + number,
            cell = story.hunts()[0].about.cell,
        );
        file.execute_batch(&sql).expect("valid");
    }
    drop(file);
    wait(&mut story, 20);
    assert_eq!(story.hunts()[0].culprit, Some(revision(4)));
    let probed: Vec<u64> = probes(&mut story).iter().map(number).collect();
    assert_eq!(probed, [4]);
}

#[test]
fn a_search_that_is_killed_at_any_statement_comes_to_the_same_end() {
    let told = |kill: i64| {
        let mut story = broken_at(4);
        story.pull_after(kill);
        push(&mut story, 5);
        wait(&mut story, 12);
        story.pull_after(i64::MAX);
        wait(&mut story, 12);
        let hunts = story.hunts();
        let ends = hunts.iter().map(|hunt| (hunt.state, hunt.culprit.clone()));
        let ends: Vec<_> = ends.collect();
        let told: Vec<String> = news(&mut story).iter().map(|one| one.id.clone()).collect();
        let probed: Vec<String> = probes(&mut story)
            .iter()
            .map(|probe| probe.asked.cause.clone())
            .collect();
        (ends, told, probed, story.kills)
    };
    let (ends, news, probed, _) = told(i64::MAX);
    assert_eq!(ends, [(HuntState::Found, Some(revision(4)))]);
    let mut kill = 0;
    loop {
        let (other_ends, other_news, other_probed, kills) = told(kill);
        assert_eq!(other_ends, ends, "killed after {kill}");
        assert_eq!(other_news, news, "killed after {kill}");
        assert_eq!(other_probed, probed, "killed after {kill}");
        if kills == 0 {
            break;
        }
        kill += 1;
    }
    assert!(kill > 50, "{kill} statements");
}
