//! Several runs on one engine at once, as a watcher or a page has them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use djbuild::event::Event;
use djbuild::journal::Journal;
use djbuild::model::Outcome;
use djbuild::plan::Plan;

use super::world::{
    Fake, HELLO, ONE_PASSED, STARTED, Step, end, engine, is_cell, named, passing, plan, run_in,
    run_on, say, tree, world,
};

/// Cells that take so long.
fn taking(seconds: u64) -> Arc<Fake> {
    world(move |_| {
        let wait = Step::Wait(Duration::from_secs(seconds));
        vec![
            say(HELLO),
            say(STARTED),
            wait,
            say(ONE_PASSED),
            end(0),
            Step::Exit(0),
        ]
    })
}

/// As many cells as there are places and more, for a run of this name.
fn many(run: &str, cells: usize, priority: i32) -> Plan {
    let mut plan = named(run, plan(&vec!["sqlite"; cells]));
    plan.pace.jobs = 4;
    plan.priority = priority;
    plan
}

/// The runs whose cells were started, in order.
fn runs(fake: &Fake) -> Vec<String> {
    let created = fake.created();
    let cells = created.iter().filter(|container| is_cell(container));
    cells
        .map(|cell| {
            let run = cell.labels.iter().find(|(key, _)| key == "djbuild.run");
            run.expect("each has the label").1.clone()
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn cells_of_several_runs_share_the_places_and_the_more_urgent_go_first() {
    let fake = taking(10);
    let engine = engine(&fake);
    let most = std::sync::atomic::AtomicUsize::new(0);
    let counting = |event: &Event| {
        if matches!(event, Event::TestStarted { .. }) {
            let there = fake
                .left()
                .iter()
                .filter(|name| name.contains("branch"))
                .count();
            most.fetch_max(there, Ordering::Relaxed);
        }
    };
    let (first, second, urgent) = tokio::join!(
        run_on(&engine, many("first", 8, 0), |event, _| counting(event)),
        run_on(&engine, many("second", 4, 0), |event, _| counting(event)),
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            run_on(&engine, many("urgent", 4, 5), |event, _| counting(event)).await
        },
    );
    for ran in [first, second, urgent] {
        assert_eq!(ran.summary.outcome(), Outcome::Passed);
    }
    assert_eq!(most.into_inner(), 4, "the engine has so many places");
    let runs = runs(&fake);
    assert!(runs[..4].iter().all(|run| run == "first"), "{runs:?}");
    assert!(runs[4..8].iter().all(|run| run == "urgent"), "{runs:?}");
    assert!(runs[8..12].iter().all(|run| run == "first"), "{runs:?}");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_three_runs_want_is_made_once_and_each_hears_of_it() {
    let fake = world(|_| passing());
    let engine = engine(&fake);
    let one = |run| run_on(&engine, named(run, plan(&["postgresql17"])), |_, _| {});
    let (a, b, c) = tokio::join!(one("a"), one("b"), one("c"));
    assert_eq!(fake.builds().len(), 3, "{:?}", fake.builds());
    for ran in [a, b, c] {
        assert_eq!(ran.summary.outcome(), Outcome::Passed);
        assert_eq!(ran.summary.images_built, 3);
    }
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn a_run_cancelled_while_it_was_making_an_image_lets_the_next_one_make_it() {
    let fake = world(|_| passing());
    let engine = engine(&fake);
    let (cancelled, other) = tokio::join!(
        run_on(
            &engine,
            named("one", plan(&["sqlite"])),
            |event, canceller| {
                if matches!(event, Event::ImageStarted { .. }) {
                    canceller.press();
                }
            }
        ),
        run_on(&engine, named("two", plan(&["sqlite"])), |_, _| {}),
    );
    assert_eq!(cancelled.summary.outcome(), Outcome::Cancelled);
    assert_eq!(other.summary.outcome(), Outcome::Passed);
    assert_eq!(fake.builds().len(), 2, "{:?}", fake.builds());
}

#[tokio::test(start_paused = true)]
async fn one_runs_end_is_not_anothers() {
    for presses in [1, 2] {
        let fake = taking(30);
        let engine = engine(&fake);
        let (cancelled, other) = tokio::join!(
            run_on(
                &engine,
                named("one", plan(&["postgresql17"])),
                |event, canceller| {
                    if matches!(event, Event::TestStarted { .. }) {
                        for _ in 0..presses {
                            canceller.press();
                        }
                    }
                }
            ),
            run_on(&engine, named("two", plan(&["postgresql17"])), |_, _| {}),
        );
        assert_eq!(cancelled.summary.outcome(), Outcome::Cancelled);
        assert_eq!(other.summary.outcome(), Outcome::Passed);
        assert_eq!(other.summary.cells[0].attempts, 1);
        assert!(fake.left().is_empty(), "{:?}", fake.left());
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_run_goes_on_after_its_end() {
    for presses in [0, 1, 2] {
        let fake = taking(30);
        let plan = plan(&["postgresql17", "sqlite", "mariadb11.8", "sqlite"]);
        let tasks = || {
            let metrics = tokio::runtime::Handle::current().metrics();
            metrics.num_alive_tasks()
        };
        let before = tasks();
        run_on(&engine(&fake), plan, |event, canceller| {
            if matches!(event, Event::TestStarted { .. }) {
                for _ in 0..presses {
                    canceller.press();
                }
            }
        })
        .await;
        let calls = fake.calls().len();
        // Those of the containers, which were removed, end by themselves.
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(tasks(), before, "after {presses}");
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(fake.calls().len(), calls, "after {presses}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_being_created_when_the_end_is_wanted_is_removed_when_it_is_there() {
    for presses in [1, 2] {
        let fake = world(|_| passing());
        fake.set_creation_time(Duration::from_secs(2));
        let plan = plan(&["postgresql17", "sqlite"]);
        run_on(&engine(&fake), plan, |event, canceller| {
            if matches!(event, Event::CellStarted { .. }) {
                for _ in 0..presses {
                    canceller.press();
                }
            }
        })
        .await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(fake.left(), Vec::<String>::new(), "after {presses}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_does_not_hold_on_to_the_trees_it_has_seen() {
    let fake = world(|_| passing());
    let engine = engine(&fake);
    for name in ["before", "after", "another"] {
        let tree = tree(name);
        let mut plan = named(name, plan(&["sqlite"]));
        plan.cells[0].tree = Arc::clone(&tree);
        run_on(&engine, plan, |_, _| {}).await;
        assert_eq!(Arc::strong_count(&tree), 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_does_not_hold_on_to_the_runs_it_has_carried_out() {
    let fake = world(|_| passing());
    let engine = engine(&fake);
    for run in ["first", "second", "third"] {
        let journal = Journal::new();
        let plan = named(run, plan(&["postgresql17", "sqlite"]));
        run_in(&journal, &engine, plan, |_, _| {}).await;
        let held = Arc::downgrade(&journal);
        drop(journal);
        assert!(held.upgrade().is_none(), "{run}");
    }
}
