//! An engine that goes away: a daemon that restarts, a connection that is cut.

use std::sync::Arc;
use std::time::Duration;

use djbuild::event::{Event, NoticeKind};
use djbuild::model::{Cause, Outcome};

use super::world::{
    COLLECTED, Fake, HELLO, Ran, STARTED, Step, end, engine, is_service, named, passing, plan,
    run_and, run_on, say, world,
};

const TESTS: usize = 40;

fn test(number: usize) -> String {
    format!("a.B.test_{number}")
}

/// Cells with a test a second and a line of log beside each.
pub fn one_a_second() -> Vec<Step> {
    let mut steps = vec![say(HELLO), say(COLLECTED)];
    for number in 0..TESTS {
        let test = test(number);
        steps.push(say(&format!(
            r#"{{"event":"test","test":"{test}","outcome":"passed","seconds":1}}"#
        )));
        steps.push(Step::Log(format!("log {number}")));
        steps.push(Step::Wait(Duration::from_secs(1)));
    }
    steps.extend([end(0), Step::Exit(0)]);
    steps
}

pub fn away_for(fake: &Arc<Fake>, seconds: u64) {
    fake.set_away(true);
    let fake = Arc::clone(fake);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        fake.set_away(false);
    });
}

fn is_test(event: &Event, number: usize) -> bool {
    matches!(event, Event::TestFinished { result, .. } if result.test == test(number))
}

/// Runs a cell on a database, and does something at its fifth test.
pub async fn at_its_fifth_test(fake: &Arc<Fake>, mut what: impl FnMut(&Arc<Fake>)) -> Ran {
    run_and(plan(&["postgresql17"]), fake, |event, _| {
        if is_test(event, 5) {
            what(fake);
        }
    })
    .await
}

/// No test told twice and none lost, in their order.
fn told_once(ran: &Ran) {
    let all: Vec<String> = (0..TESTS).map(test).collect();
    assert_eq!(ran.tests(), all);
    let logged = ran.events.iter().filter_map(|event| match event {
        Event::CellLog { line, .. } => Some(line.clone()),
        _ => None,
    });
    let all: Vec<String> = (0..TESTS).map(|number| format!("log {number}")).collect();
    assert_eq!(logged.collect::<Vec<_>>(), all);
}

#[tokio::test(start_paused = true)]
async fn cells_that_live_on_while_the_engine_is_away_are_found_again_and_told_once() {
    let fake = world(|_| one_a_second());
    let ran = at_its_fifth_test(&fake, |fake| away_for(fake, 5)).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(ran.summary.cells[0].attempts, 1);
    told_once(&ran);
    let count = |is: fn(&Event) -> bool| ran.events.iter().filter(|event| is(event)).count();
    assert_eq!(count(|event| matches!(event, Event::EngineAway { .. })), 1);
    assert_eq!(count(|event| matches!(event, Event::EngineBack { .. })), 1);
    assert_eq!(count(|event| matches!(event, Event::ServiceDied { .. })), 0);
    assert_eq!(fake.created().iter().filter(|c| is_service(c)).count(), 1);
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn a_cell_that_ended_while_the_engine_was_away_is_read_to_its_end() {
    let fake = world(|_| one_a_second());
    let ran = at_its_fifth_test(&fake, |fake| away_for(fake, 120)).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(ran.summary.cells[0].attempts, 1);
    told_once(&ran);
}

#[tokio::test(start_paused = true)]
async fn containers_that_died_with_the_engine_are_run_once_more() {
    let fake = world(|container| {
        if container.name.ends_with("-1") {
            one_a_second()
        } else {
            passing()
        }
    });
    let ran = at_its_fifth_test(&fake, |fake| {
        fake.set_down(true);
        away_for(fake, 5);
    })
    .await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(ran.summary.cells[0].attempts, 2);
    assert_eq!(fake.created().iter().filter(|c| is_service(c)).count(), 2);
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_stays_away_is_infrastructure_for_every_cell_and_loses_none() {
    let fake = world(|_| one_a_second());
    let mut plan = plan(&["postgresql17", "sqlite", "sqlite", "mariadb11.8", "sqlite"]);
    plan.pace.engine_timeout = Duration::from_secs(60);
    let away = Arc::clone(&fake);
    let began = tokio::time::Instant::now();
    let ran = run_and(plan, &fake, move |event, _| {
        if is_test(event, 5) {
            away.set_away(true);
        }
    })
    .await;
    assert!(
        began.elapsed() < Duration::from_secs(100),
        "one patience for all cells: {:?}",
        began.elapsed()
    );
    for cell in 0..5 {
        assert_eq!(
            ran.verdict(cell),
            (Some(Outcome::Infrastructure), Some(Cause::EngineFailed)),
            "{}",
            ran.detail(cell)
        );
    }
    let left = |event: &&Event| matches!(event, Event::Notice(n) if n.kind == NoticeKind::Leftover);
    assert_eq!(ran.events.iter().filter(left).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_while_the_engine_is_away() {
    let fake = world(|_| one_a_second());
    let plan = plan(&["sqlite"; 8]);
    let mut times = 0;
    let breaker = Arc::clone(&fake);
    let ran = run_and(plan, &fake, move |event, _| {
        if is_test(event, 5) && times < 2 {
            times += 1;
            away_for(&breaker, 60);
        }
    })
    .await;
    assert_eq!(ran.summary.outcome(), Outcome::Passed);
    let begun = ["create", "start", "build", "create_network", "deliver"];
    let asked = fake.calls_away();
    assert!(!asked.iter().any(|call| begun.contains(call)), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_gives_up_on_an_engine_does_not_tell_others_that_it_is_back() {
    let fake = world(|_| one_a_second());
    let engine = engine(&fake);
    let mut hasty = named("hasty", plan(&["sqlite"]));
    hasty.pace.engine_timeout = Duration::from_secs(10);
    let patient = named("patient", plan(&["sqlite"; 8]));
    let breaker = Arc::clone(&fake);
    let mut away = false;
    let (hasty, patient) = tokio::join!(
        run_on(&engine, hasty, |_, _| {}),
        run_on(&engine, patient, |event, _| {
            if is_test(event, 5) && !away {
                away = true;
                away_for(&breaker, 300);
            }
        }),
    );
    assert_eq!(hasty.summary.outcome(), Outcome::Infrastructure);
    assert_eq!(patient.summary.outcome(), Outcome::Passed);
    let asked = fake.calls_away();
    assert!(!asked.contains(&"create"), "{asked:?}");
    let told = |event: &&Event| matches!(event, Event::EngineBack { .. });
    assert_eq!(patient.events.iter().filter(told).count(), 1);
}

/// Whether it is time for something, at an event.
type IsTime = fn(&Event) -> bool;

/// A run during which the engine goes away for a while at the first such event.
async fn away_at(is_time: IsTime) -> (Arc<Fake>, Ran) {
    let fake = world(|_| passing());
    let breaker = Arc::clone(&fake);
    let mut gone = false;
    let ran = run_and(plan(&["postgresql17", "sqlite"]), &fake, move |event, _| {
        if is_time(event) && !gone {
            gone = true;
            away_for(&breaker, 30);
        }
    })
    .await;
    (fake, ran)
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_goes_away_at_any_step_loses_no_cell_and_leaves_nothing() {
    let steps: [(&str, IsTime); 6] = [
        ("images", |event| {
            matches!(event, Event::ImageStarted { .. })
        }),
        ("services", |event| {
            matches!(event, Event::CellStarted { .. })
        }),
        ("a service is up", |event| {
            matches!(event, Event::ServiceStarted { .. })
        }),
        ("tests", |event| matches!(event, Event::TestFinished { .. })),
        ("totals", |event| matches!(event, Event::CellTotals { .. })),
        ("the end", |event| {
            matches!(event, Event::CellFinished { .. })
        }),
    ];
    for (step, is_time) in steps {
        let (fake, ran) = away_at(is_time).await;
        for cell in 0..2 {
            assert_eq!(
                ran.verdict(cell),
                (Some(Outcome::Passed), None),
                "{step}: {}",
                ran.detail(cell)
            );
            assert_eq!(ran.summary.cells[cell].attempts, 1, "{step}");
        }
        assert!(fake.left().is_empty(), "{step}: {:?}", fake.left());
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_ends_early_is_taken_up_where_it_broke_off() {
    let fake = world(|_| one_a_second());
    let ran = at_its_fifth_test(&fake, |fake| fake.cut_output("branch0")).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(ran.summary.cells[0].attempts, 1);
    told_once(&ran);
}

#[tokio::test(start_paused = true)]
async fn a_log_may_break_off_often_as_long_as_it_goes_on() {
    let fake = world(|_| one_a_second());
    let cutter = Arc::clone(&fake);
    let ran = run_and(plan(&["sqlite"]), &fake, move |event, _| {
        if matches!(event, Event::TestFinished { .. }) {
            // The connection, and not the engine.
            cutter.set_away(true);
            let cutter = Arc::clone(&cutter);
            tokio::spawn(async move { cutter.set_away(false) });
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
    told_once(&ran);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_while_the_engine_is_away_leaves_nobody_waiting_for_it() {
    let fake = world(|_| passing());
    let engine = engine(&fake);
    let breaker = Arc::clone(&fake);
    run_on(
        &engine,
        plan(&["sqlite"]),
        move |event, canceller| match event {
            Event::ImageStarted { .. } => breaker.set_away(true),
            Event::EngineAway { .. } => {
                breaker.set_away(false);
                canceller.press();
            }
            _ => {}
        },
    )
    .await;
    let began = tokio::time::Instant::now();
    let ran = run_on(&engine, named("next", plan(&["sqlite"])), |_, _| {}).await;
    assert_eq!(ran.summary.outcome(), Outcome::Passed);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn two_presses_end_a_run_whose_engine_is_away() {
    let fake = world(|_| vec![say(HELLO), say(STARTED)]);
    let breaker = Arc::clone(&fake);
    let began = tokio::time::Instant::now();
    let ran = run_and(
        plan(&["postgresql17"]),
        &fake,
        move |event, canceller| match event {
            Event::TestStarted { .. } => breaker.set_away(true),
            Event::EngineAway { .. } => {
                canceller.press();
                canceller.press();
            }
            _ => {}
        },
    )
    .await;
    assert_eq!(ran.summary.outcome(), Outcome::Cancelled);
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
}
