//! Ends that come from outside, services that suffer, tests that hang, and time in
//! which djbuild itself stood still.

use std::sync::Arc;
use std::time::Duration;

use djbuild::event::Event;
use djbuild::model::{Cause, Outcome};

use super::world::{
    HELLO, ONE_PASSED, STARTED, Step, TWO_FAILED, end, is_service, passing, plan, run, run_and,
    say, world,
};

#[tokio::test(start_paused = true)]
async fn a_cell_killed_by_nobody_known_is_run_once_more_and_then_infrastructure() {
    let fake = world(|_| vec![say(HELLO), say(STARTED), Step::Exit(137)]);
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Infrastructure), Some(Cause::Killed))
    );
    assert_eq!(ran.summary.cells[0].attempts, 2);
    let fake = world(|container| {
        if container.name.ends_with("-1") {
            vec![say(HELLO), say(STARTED), Step::Exit(137)]
        } else {
            passing()
        }
    });
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
}

#[tokio::test(start_paused = true)]
async fn tests_that_fail_beside_a_service_that_ran_out_of_memory_and_lives_are_run_again() {
    let pause = || Step::Wait(Duration::from_secs(1));
    let failing = move || vec![say(HELLO), pause(), say(TWO_FAILED), end(1), Step::Exit(1)];
    for (again, outcome, cause) in [
        (passing(), Outcome::Passed, None),
        (failing(), Outcome::Infrastructure, Some(Cause::ServiceDied)),
    ] {
        let fake = world(move |container| {
            if container.name.ends_with("-1") {
                failing()
            } else {
                again.clone()
            }
        });
        let kernel = Arc::clone(&fake);
        let ran = run_and(plan(&["postgresql17"]), &fake, move |event, _| {
            if matches!(event, Event::CellEnvironment { .. }) {
                kernel.lose_process("-postgresql17-");
            }
        })
        .await;
        assert_eq!(ran.verdict(0), (Some(outcome), cause), "{}", ran.detail(0));
        assert_eq!(fake.created().iter().filter(|c| is_service(c)).count(), 2);
        assert!(fake.left().is_empty(), "{:?}", fake.left());
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_that_hangs_and_is_known_is_djangos_and_leaves_its_stacks() {
    let fake = world(|_| vec![say(HELLO), say(STARTED)]);
    fake.set_last_words(
        "before\ndjbuild: the stack of every thread:\n  File \"two.py\", line 7 in wait\n",
    );
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Errored), Some(Cause::Hung)),
        "{}",
        ran.detail(0)
    );
    assert!(ran.detail(0).contains("a.B.two"), "{}", ran.detail(0));
    let log = &ran.summary.cells[0].log;
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log[1].contains("two.py"), "{log:?}");
    assert_eq!(ran.summary.cells[0].attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn time_in_which_djbuild_stood_still_is_not_time_in_which_a_cell_was_silent() {
    let hour = Duration::from_secs(3600);
    let fake = world(move |_| {
        let wait = Step::Wait(Duration::from_secs(500));
        vec![
            say(HELLO),
            say(STARTED),
            wait.clone(),
            say(ONE_PASSED),
            wait,
            end(0),
            Step::Exit(0),
        ]
    });
    let ran = run_and(plan(&["postgresql17"]), &fake, move |event, _| {
        if matches!(event, Event::TestStarted { .. }) {
            tokio::spawn(async move {
                for _ in 0..5 {
                    tokio::time::sleep(Duration::from_secs(50)).await;
                    tokio::time::advance(hour).await;
                }
            });
        }
    })
    .await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Passed), None),
        "{}",
        ran.detail(0)
    );
    assert_eq!(ran.summary.cells[0].attempts, 1);
}
