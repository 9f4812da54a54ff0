use std::sync::Arc;
use std::time::Duration;

use djbuild::event::Event;
use djbuild::model::{Cause, Outcome};

use super::world::{
    HELLO, STARTED, Step, TWO_FAILED, end, is_service, passing, plan, run, run_and, say, world,
};

#[tokio::test(start_paused = true)]
async fn cells_of_a_database_that_dies_are_run_once_more_on_a_fresh_one() {
    let fake = world(|container| {
        if container.name.ends_with("-1") {
            vec![
                say(HELLO),
                say(STARTED),
                Step::Wait(Duration::from_secs(500)),
                Step::Exit(0),
            ]
        } else {
            passing()
        }
    });
    let killer = Arc::clone(&fake);
    let ran = run_and(plan(&["postgresql17"]), &fake, move |event, _| {
        if matches!(event, Event::TestStarted { .. }) {
            killer.kill("postgresql17-1");
        }
    })
    .await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(ran.summary.cells[0].attempts, 2);
    assert!(
        ran.events
            .iter()
            .any(|e| matches!(e, Event::ServiceDied { .. }))
    );
    assert_eq!(fake.created().iter().filter(|c| is_service(c)).count(), 2);
    assert!(fake.left().is_empty());
}

/// The verdict on a cell whose database dies at each such event, whichever it is.
async fn without_database(
    steps: Vec<Step>,
    dies: fn(&Event) -> bool,
) -> (Option<Outcome>, Option<Cause>) {
    let fake = world(move |_| steps.clone());
    let killer = Arc::clone(&fake);
    let ran = run_and(plan(&["postgresql17"]), &fake, move |event, _| {
        if dies(event) {
            killer.kill("-postgresql17-");
        }
    });
    ran.await.verdict(0)
}

const SERVICE_DIED: (Option<Outcome>, Option<Cause>) =
    (Some(Outcome::Infrastructure), Some(Cause::ServiceDied));

#[tokio::test(start_paused = true)]
async fn tests_that_fail_because_their_database_dies_are_no_verdict_even_with_totals() {
    let steps = vec![say(HELLO), say(TWO_FAILED), end(1)];
    let verdict = without_database(steps, |event| matches!(event, Event::CellTotals { .. }));
    assert_eq!(verdict.await, SERVICE_DIED);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_dies_twice_is_infrastructure() {
    let steps = vec![say(HELLO), say(STARTED)];
    let verdict = without_database(steps, |event| matches!(event, Event::TestStarted { .. }));
    assert_eq!(verdict.await, SERVICE_DIED);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_restarts_is_waited_for_and_the_cell_run_again() {
    let fake = world(|container| {
        if container.name.ends_with("-1") {
            vec![say(HELLO), say(STARTED)]
        } else {
            passing()
        }
    });
    let breaker = Arc::clone(&fake);
    let ran = run_and(plan(&["sqlite"]), &fake, move |event, _| {
        if matches!(event, Event::TestStarted { .. }) {
            breaker.set_down(true);
            let mender = Arc::clone(&breaker);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(5)).await;
                mender.set_down(false);
            });
        }
    })
    .await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

/// Two attempts of a cell beside each other would use the same database.
#[tokio::test(start_paused = true)]
async fn a_cell_that_was_started_though_nobody_heard_of_it_is_gone_before_it_is_run_again() {
    let fake = world(|_| {
        let mut steps = vec![say(HELLO), say(STARTED), Step::Wait(Duration::from_secs(9))];
        steps.extend(passing());
        steps
    });
    let engine = Arc::clone(&fake);
    fake.lose_answer_to_start();
    let mut beside = Vec::new();
    let ran = run_and(plan(&["postgresql17"]), &fake, |event, _| match event {
        Event::EngineAway { .. } => {
            let mender = Arc::clone(&engine);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(2)).await;
                mender.set_away(false);
            });
        }
        Event::TestStarted { .. } => {
            beside = engine.left();
            beside.retain(|name| name.contains("branch0"));
        }
        _ => {}
    })
    .await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(beside.len(), 1, "{beside:?}");
    let names: Vec<String> = fake
        .created()
        .iter()
        .filter_map(|container| container.environment.get("DJBUILD_CELL"))
        .filter_map(|cell| serde_json::from_str::<serde_json::Value>(cell).ok())
        .map(|cell| cell["database"]["name"].to_string())
        .collect();
    assert_eq!(names, [r#""django_0""#, r#""django_0_2""#]);
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn a_log_that_ends_before_its_cell_is_read_to_its_end_for_the_verdict() {
    let fake = world(|_| {
        let mut steps = vec![say(HELLO), Step::EndLog, Step::Wait(Duration::from_secs(2))];
        steps.extend(passing());
        steps
    });
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(ran.summary.cells[0].attempts, 1);
}

/// Who watches over a database may notice its end later than its cell does.
#[tokio::test(start_paused = true)]
async fn one_restart_of_the_engine_takes_one_attempt_and_the_next_has_a_database_that_lives() {
    for seconds in 1..20 {
        let fake = world(|container| {
            if container.name.ends_with("-1") {
                vec![say(HELLO), say(STARTED)]
            } else {
                let mut steps = vec![Step::Wait(Duration::from_secs(60))];
                steps.extend(passing());
                steps
            }
        });
        let breaker = Arc::clone(&fake);
        let ran = run_and(plan(&["postgresql17"]), &fake, move |event, _| {
            if matches!(event, Event::TestStarted { .. }) {
                breaker.set_down(true);
                let mender = Arc::clone(&breaker);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                    mender.set_down(false);
                });
            }
        })
        .await;
        assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None), "{seconds} s");
        assert_eq!(ran.summary.cells[0].attempts, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_network_that_comes_late_is_in_nobodys_way_and_goes_with_the_run() {
    let fake = world(|_| passing());
    fake.delay_network();
    let ran = run(plan(&["postgresql17"]), &fake).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(fake.networks_created().len(), 2);
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}
