//! Readers that do not read: a frozen terminal, a full pipe, a slow disk.

use std::sync::Arc;
use std::time::Duration;

use djbuild::engine::cancellation;
use djbuild::event::Event;
use djbuild::journal::{Emitter, Journal};
use djbuild::model::Outcome;

use super::world::{
    COLLECTED, HELLO, STARTED, Step, begins, end, engine, is_cell, plan, run_in, say, world,
};

/// A cell that writes far more than is kept for readers.
fn loud() -> Vec<Step> {
    let mut steps = vec![say(HELLO), say(COLLECTED)];
    for number in 0..3000 {
        let traceback = "x".repeat(16 << 10);
        steps.push(say(&format!(
            r#"{{"event":"test","test":"a.B.test_{number}","outcome":"passed","seconds":0.1,"traceback":"{traceback}"}}"#
        )));
    }
    steps.extend([end(0), Step::Exit(0)]);
    steps
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_has_stopped_does_not_hold_cells_up() {
    let fake = world(|_| loud());
    let mut plan = plan(&["sqlite", "sqlite"]);
    plan.pace.log_limit = u64::MAX;
    let (journal, engine) = (Journal::new(), engine(&fake));
    let stopped = journal.follow(0);
    let emit = Emitter::new(Arc::clone(&journal));
    let (_canceller, cancel) = cancellation();
    emit.emit(begins(&plan));
    let began = tokio::time::Instant::now();
    engine.run(plan, &emit, &cancel).await;
    let summary = journal.summary().expect("it began");
    for cell in &summary.cells {
        assert_eq!(cell.outcome, Some(Outcome::Passed), "{}", cell.detail);
        assert_eq!(cell.counts.tests, 2, "as in its totals");
    }
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
    assert!(stopped.wait(Duration::ZERO).missed > 0);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_slow_misses_nothing_and_its_cell_is_not_called_hung() {
    let fake = world(|_| {
        let mut steps = Vec::new();
        for (number, step) in loud().into_iter().enumerate() {
            if number % 500 == 0 {
                steps.push(Step::Wait(Duration::from_secs(2)));
            }
            steps.push(step);
        }
        steps
    });
    let mut plan = plan(&["sqlite"]);
    plan.pace.log_limit = u64::MAX;
    plan.pace.quiet_timeout = Duration::from_secs(3);
    let (journal, engine) = (Journal::new(), engine(&fake));
    let slow = journal.follow(0);
    let emit = Emitter::new(Arc::clone(&journal));
    let (_canceller, cancel) = cancellation();
    emit.emit(begins(&plan));
    let running = tokio::spawn(async move { engine.run(plan, &emit, &cancel).await });
    let mut seen = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(9)).await;
        let batch = slow.wait(Duration::ZERO);
        assert_eq!(batch.missed, 0);
        let is_test = |event: &Event| matches!(event, Event::TestFinished { .. });
        seen += batch.events.iter().filter(|e| is_test(&e.event)).count();
        if batch.is_last {
            break;
        }
    }
    running.await.expect("no panic");
    let summary = journal.summary().expect("it began");
    let cell = &summary.cells[0];
    assert_eq!(cell.outcome, Some(Outcome::Passed), "{}", cell.detail);
    assert_eq!(seen, 3000);
    assert!(fake.signals().is_empty(), "nobody asked where it is");
}

#[tokio::test(start_paused = true)]
async fn two_presses_end_a_run_that_nobody_reads() {
    let fake = world(|container| {
        if is_cell(container) {
            let mut steps = loud();
            steps.truncate(steps.len() - 2);
            steps.push(say(STARTED));
            steps
        } else {
            vec![]
        }
    });
    let mut plan = plan(&["postgresql17", "sqlite"]);
    plan.pace.log_limit = u64::MAX;
    let (journal, engine) = (Journal::new(), engine(&fake));
    let _stopped = journal.follow(0);
    let emit = Emitter::new(Arc::clone(&journal));
    let (canceller, cancel) = cancellation();
    emit.emit(begins(&plan));
    let running = tokio::spawn(async move { engine.run(plan, &emit, &cancel).await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let began = tokio::time::Instant::now();
    canceller.press();
    canceller.press();
    running.await.expect("no panic");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn one_who_comes_late_and_one_who_leaves_make_no_difference() {
    let fake = world(|_| loud());
    let mut plan = plan(&["sqlite"]);
    plan.pace.log_limit = u64::MAX;
    let journal = Journal::new();
    let leaving = journal.follow(0);
    let mut leaving = Some(leaving);
    let ran = run_in(&journal, &engine(&fake), plan, |_, _| {
        leaving.take();
    })
    .await;
    assert_eq!(ran.tests().len(), 3000);
    let late = journal.follow(0).wait(Duration::ZERO);
    assert!(late.missed > 0 && !late.events.is_empty());
}
