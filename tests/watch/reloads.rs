//! What becomes of a farm whose file is another from one moment to the next.

use std::time::Duration;

use djbuild::spec::{Cron, Pattern, Trigger};
use djbuild::store::farm::{Progress, QueuedRequest};
use djbuild::watch::adopt;

use super::forge::PLACE;
use super::story::{SECOND, Story, scheduler, watch};

fn word(request: &QueuedRequest) -> String {
    match &request.progress {
        Progress::Ended(ended) => ended.word.clone(),
        progress => format!("{progress:?}"),
    }
}

fn of<'a>(requests: &'a [QueuedRequest], scheduler: &str) -> Vec<&'a QueuedRequest> {
    let all = requests.iter();
    all.filter(|request| request.asked.scheduler == scheduler)
        .collect()
}

#[test]
fn a_scheduler_that_leaves_takes_what_waits_with_it_and_comes_again_as_a_new_one() {
    let both = watch(vec![
        scheduler("stays", Duration::ZERO),
        scheduler("leaves", Duration::ZERO),
    ]);
    let mut story = Story::new(both.clone());
    story.poll().expect("nothing pulls the plug");
    assert_eq!(story.requests().len(), 2);
    story.reload(watch(vec![scheduler("stays", Duration::ZERO)]));
    let requests = story.requests();
    assert_eq!(
        word(of(&requests, "leaves")[0]),
        "there is no scheduler leaves any more"
    );
    assert_eq!(of(&requests, "stays")[0].progress, Progress::Waiting);
    story.reload(both);
    story.poll().expect("nothing pulls the plug");
    let requests = story.requests();
    let again = of(&requests, "leaves");
    assert_eq!(again.len(), 2, "its tip is not tested yet");
    assert_eq!(again[1].progress, Progress::Waiting);
    assert_eq!(of(&requests, "stays").len(), 1, "who stayed has it");
}

#[test]
fn what_runs_of_a_scheduler_that_left_ends_by_itself() {
    let mut story = Story::new(watch(vec![scheduler("old", Duration::ZERO)]));
    story.poll().expect("nothing pulls the plug");
    assert!(story.begin().expect("nothing pulls the plug"));
    story.reload(watch(vec![scheduler("new", Duration::ZERO)]));
    assert_eq!(story.requests()[0].progress, Progress::Running);
    story.end(0).expect("nothing pulls the plug");
    story.rest_a_little();
    let requests = story.requests();
    let ended = |name: &str| match &of(&requests, name)[0].progress {
        Progress::Ended(ended) => ended.outcome.clone(),
        progress => format!("{progress:?}"),
    };
    assert_eq!(ended("old"), "passed");
    assert_eq!(ended("new"), "passed", "of another name it is another");
}

#[test]
fn a_scheduler_that_looks_away_from_a_branch_and_back_tests_where_it_is_by_then() {
    let mut narrow = scheduler("s", Duration::ZERO);
    narrow.branches = vec![Pattern::new("main").expect("a glob")];
    let wide = watch(vec![scheduler("s", Duration::ZERO)]);
    let mut story = Story::new(wide.clone());
    story.forge.push("fix", &["a.py"]);
    story.rest_a_little();
    story.reload(watch(vec![narrow]));
    let tip = story.forge.push("fix", &["b.py"]);
    story.pass(61 * SECOND);
    story.rest_a_little();
    story.reload(wide);
    story.pass(61 * SECOND);
    story.rest_a_little();
    let tested = |request: &QueuedRequest| request.asked.revision == tip;
    assert!(story.requests().iter().any(tested));
}

#[test]
fn a_source_that_leaves_and_comes_again_is_taken_up_where_it_was() {
    let with = watch(vec![scheduler("s", Duration::ZERO)]);
    let mut without = with.clone();
    without.sources.clear();
    let mut story = Story::new(with.clone());
    story.rest_a_little();
    story.reload(without);
    let missed: Vec<String> = (0..3)
        .map(|_| story.forge.push("main", &["a.py"]))
        .collect();
    story.reload(with);
    story.rest_a_little();
    let changes = story.farm.look(|book| {
        let all = book.changes_between((PLACE, "main"), 0, i64::MAX);
        all.map_err(djbuild::watch::WatchError::from)
    });
    let changes = changes.expect("readable");
    let found: Vec<&String> = changes.iter().map(|change| &change.revision).collect();
    assert!(missed.iter().all(|commit| found.contains(&commit)));
}

#[test]
fn a_shorter_interval_counts_from_now_on() {
    let mut story = Story::new(watch(vec![scheduler("s", Duration::ZERO)]));
    story.watch.interval = Duration::from_secs(86_400);
    story.poll().expect("nothing pulls the plug");
    let mut often = story.watch.clone();
    often.interval = 5 * SECOND;
    story.reload(often);
    let row = story.farm.look(|book| {
        let row = book.repository(PLACE);
        row.map_err(djbuild::watch::WatchError::from)
    });
    assert_eq!(
        row.expect("readable").next,
        story.now.plus(5 * SECOND),
        "not tomorrow"
    );
}

#[test]
fn a_clock_goes_on_over_a_hundred_reloads_and_a_new_one_makes_up_for_nothing() {
    let mut nightly = scheduler("nightly", Duration::ZERO);
    nightly.trigger = Trigger::Cron(Cron {
        schedule: "0 * * * *".to_owned(),
        zone: "UTC".to_owned(),
        only_if_changed: false,
        force_every: None,
        catch_up: true,
    });
    let with = watch(vec![nightly]);
    let mut story = Story::new(with.clone());
    story.poll().expect("nothing pulls the plug");
    for _ in 0..100 {
        story.pass(Duration::from_secs(180));
        story.reload(with.clone());
        story.tick().expect("nothing pulls the plug");
    }
    assert_eq!(story.requests().len(), 5, "in five hours");
    story.reload(watch(vec![scheduler("other", Duration::ZERO)]));
    story.pass(Duration::from_secs(7200));
    story.reload(with);
    story.tick().expect("nothing pulls the plug");
    let requests = story.requests();
    assert_eq!(of(&requests, "nightly").len(), 5);
}

impl Story {
    /// Goes by another file from now on.
    pub fn reload(&mut self, watch: djbuild::spec::Watch) {
        self.surely(|story| {
            let now = story.now;
            story.farm.within(|book| adopt(book, &watch, now))
        });
        self.watch = watch;
    }
}
