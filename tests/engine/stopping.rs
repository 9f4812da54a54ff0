use std::sync::Arc;
use std::time::Duration;

use djbuild::engine;
use djbuild::event::Event;
use djbuild::model::{Outcome, RunId};
use djbuild::plan::Network;
use djbuild::run::sweep_dead;
use djbuild::runtime::Networks;
use djbuild::store::State;

use super::world::{
    HELLO, ONE_PASSED, STARTED, Step, TWO_FAILED, end, plan, run, run_and, say, world,
};

#[tokio::test(start_paused = true)]
async fn fail_fast_ends_the_run_at_the_first_bad_cell() {
    let fake = world(|_| vec![say(HELLO), say(TWO_FAILED), end(1), Step::Exit(1)]);
    let mut plan = plan(&["sqlite"; 6]);
    plan.pace.jobs = 1;
    plan.pace.fail_fast = true;
    let ran = run(plan, &fake).await;
    let failed = ran
        .summary
        .cells
        .iter()
        .filter(|c| c.outcome == Some(Outcome::Failed))
        .count();
    let cancelled = ran
        .summary
        .cells
        .iter()
        .filter(|c| c.outcome == Some(Outcome::Cancelled))
        .count();
    assert_eq!((failed, cancelled), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn a_cell_that_is_stopped_alone_ends_nothing_else_and_leaves_nothing() {
    let fake = world(|container| {
        if container.name.contains("branch0") {
            vec![say(HELLO), say(ONE_PASSED), say(STARTED)]
        } else {
            vec![say(HELLO), say(ONE_PASSED), end(0), Step::Exit(0)]
        }
    });
    let plan = plan(&["postgresql17", "sqlite", "sqlite"]);
    let name = plan.cells[0].cell.name();
    let ran = run_and(plan, &fake, |event, canceller| {
        if matches!(event, Event::TestStarted { .. }) {
            assert!(!canceller.press_part("main-python3.14-sqlite"));
            canceller.press_part(name.as_str());
        }
    })
    .await;
    let outcomes: Vec<_> = ran.summary.cells.iter().map(|c| c.outcome).collect();
    assert_eq!(
        outcomes,
        [
            Some(Outcome::Cancelled),
            Some(Outcome::Passed),
            Some(Outcome::Passed)
        ]
    );
    assert!(!ran.summary.interrupted, "the run went on to its end");
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_reports_what_finished_and_leaves_nothing() {
    let fake = world(|_| vec![say(HELLO), say(ONE_PASSED), say(STARTED)]);
    let ran = run_and(
        plan(&["postgresql17", "sqlite", "sqlite"]),
        &fake,
        |event, canceller| {
            if matches!(event, Event::TestStarted { .. }) {
                canceller.press();
            }
        },
    )
    .await;
    assert_eq!(ran.summary.outcome(), Outcome::Cancelled);
    assert!(ran.summary.totals().tests >= 1);
    assert!(
        ran.summary
            .cells
            .iter()
            .all(|c| c.outcome == Some(Outcome::Cancelled))
    );
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

/// A container whose creation was dropped in haste comes into being on its network.
#[tokio::test(start_paused = true)]
async fn a_network_that_is_busy_for_a_moment_is_removed_all_the_same() {
    let fake = world(|_| vec![say(HELLO), say(STARTED)]);
    fake.keep_network_busy(2);
    let ran = run_and(plan(&["postgresql17"]), &fake, |event, canceller| {
        if matches!(event, Event::TestStarted { .. }) {
            canceller.press();
            canceller.press();
        }
    })
    .await;
    assert_eq!(ran.summary.outcome(), Outcome::Cancelled);
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn a_second_interrupt_ends_the_run_at_once_and_leaves_nothing() {
    let fake = world(|_| vec![say(HELLO), say(STARTED)]);
    let ran = run_and(
        plan(&["postgresql17", "sqlite"]),
        &fake,
        |event, canceller| {
            if matches!(event, Event::TestStarted { .. }) {
                canceller.press();
                canceller.press();
            }
        },
    )
    .await;
    assert_eq!(ran.summary.outcome(), Outcome::Cancelled);
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn the_dead_are_swept_and_the_living_are_left_alone() {
    let fake = world(|_| vec![]);
    for run in ["dead", "live"] {
        let labels = vec![("djbuild.run".to_owned(), run.to_owned())];
        let name = format!("net-{run}");
        fake.create_network(&Network { name, labels })
            .await
            .expect("up");
    }
    let other = Network {
        name: "unlabelled".into(),
        labels: vec![],
    };
    fake.create_network(&other).await.expect("up");
    let swept = engine::sweep(fake.as_ref(), |left| left.run == RunId::new("dead"))
        .await
        .expect("up");
    assert_eq!(swept.len(), 1);
    assert_eq!(fake.left(), ["net-live", "unlabelled"]);
}

const KILLED: &str = "20261125-101309-dead";

#[tokio::test(start_paused = true)]
async fn what_the_engine_makes_late_for_a_killed_run_is_removed_too() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let state = State::new(folder.path().to_owned());
    let here = state.here().expect("writable");
    // It ends with this line, as its process would.
    drop(state.begin(&RunId::new(KILLED)).expect("writable"));
    let network = |name: &str| Network {
        name: name.to_owned(),
        labels: [
            ("djbuild.run", KILLED),
            ("djbuild.owner", &here.owner),
            ("djbuild.host", &here.host),
            ("djbuild.boot", here.boot.as_deref().unwrap_or_default()),
        ]
        .map(|(label, value)| (label.to_owned(), value.to_owned()))
        .to_vec(),
    };
    let fake = world(|_| vec![]);
    fake.create_network(&network("early")).await.expect("up");
    let (engine, late) = (Arc::clone(&fake), network("late"));
    let making = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(600)).await;
        engine.create_network(&late).await
    });
    let removed = sweep_dead(fake.as_ref(), &state).await.expect("up");
    making.await.expect("no panic").expect("up");
    assert_eq!(removed, 2);
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}
