//! `djbuild history`, `show`, `logs` and `prune` over runs that were recorded.

#[path = "../common/mod.rs"]
mod common;
mod index;
mod listing;
mod logs;
mod prune;
#[path = "../common/recorded.rs"]
mod recorded;
mod show;

use common::{Ran, User};
use djbuild::event::Event;
use djbuild::model::{RunId, TestOutcome};
use djbuild::store::State;
use recorded::Recording;
use serde_json::Value;

const SQLITE: &str = "main-python3.14-sqlite";
const MYSQL: &str = "stable/6.1.x-python3.14-mysql8.4";
/// 2026-11-24, in milliseconds.
const THEN: u64 = 1_795_500_000_000;

fn state(user: &User) -> State {
    State::new(user.folder().join("state"))
}

/// A run with two cells: one passed, in the other a test failed.
fn record(user: &User, run: &str, at: u64) {
    let state = state(user);
    let lock = state.begin(&RunId::new(run)).expect("writable");
    let mut recording = Recording::begin(&state, run, at, &[SQLITE, MYSQL]);
    recording.say(Event::ServiceStarted {
        service: "mysql8.4".into(),
    });
    for cell in [SQLITE, MYSQL] {
        recording.start(cell);
        recording.log(cell, "Testing against Django \u{1b}[31min red");
        recording.test(
            cell,
            "queries.tests.QTests.test_quick",
            TestOutcome::Passed,
            1500,
        );
        recording.test(
            cell,
            "queries.tests.QTests.test_slow",
            TestOutcome::Passed,
            2_500_000,
        );
        recording.test(
            cell,
            "queries.tests.QTests.test_other",
            TestOutcome::Skipped,
            10,
        );
    }
    recording.test(
        MYSQL,
        "queries.tests.QTests.test_bad",
        TestOutcome::Failed,
        20_000,
    );
    recording.end_cell(SQLITE);
    recording.end_cell(MYSQL);
    recording.end();
    drop(lock);
}

/// The same, killed when one cell had ended.
fn record_and_die(user: &User, run: &str, at: u64) {
    let state = state(user);
    let lock = state.begin(&RunId::new(run)).expect("writable");
    let mut recording = Recording::begin(&state, run, at, &[SQLITE, MYSQL]);
    recording.start(SQLITE);
    recording.start(MYSQL);
    recording.test(
        SQLITE,
        "queries.tests.QTests.test_quick",
        TestOutcome::Passed,
        1500,
    );
    recording.end_cell(SQLITE);
    std::mem::forget(recording);
    drop(lock);
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.exits_with(0).stdout).expect("JSON")
}

#[track_caller]
fn says(ran: &Ran, words: &[&str]) {
    for word in words {
        assert!(
            ran.stdout.contains(word),
            "{word:?} is not in\n{}",
            ran.stdout
        );
    }
    assert!(!ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
}
