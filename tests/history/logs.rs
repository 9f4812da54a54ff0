//! `djbuild logs`, of runs that go on too.

use std::process::Stdio;
use std::time::{Duration, Instant};

use djbuild::event::Event;
use djbuild::model::{RunId, TestOutcome};

use super::{MYSQL, SQLITE, THEN, json, record, says, state};
use crate::common::User;
use crate::recorded::Recording;

#[test]
fn a_log_is_printed_with_results_or_as_the_cell_wrote_it() {
    let user = User::new();
    record(&user, "20261101-000001-aaaa", THEN);
    says(
        user.run(&["logs", MYSQL]).exits_with(0),
        &[
            "Testing against Django \\x1b[31min red",
            "ok queries.tests.QTests.test_quick (0.002 s)",
            "skipped queries.tests.QTests.test_other: no such database",
            "FAIL queries.tests.QTests.test_bad",
            "  │ AssertionError",
            "── failed after 13 s",
        ],
    );
    let raw = user.run(&["logs", "latest", "mysql8.4", "--raw"]);
    assert_eq!(
        raw.exits_with(0).stdout,
        "Testing against Django \u{1b}[31min red\n"
    );
    let events = user.run(&["logs", SQLITE, "--format", "json"]).events();
    assert_eq!(events[0]["event"], "cell_started");
    assert!(events.iter().all(|event| event["cell"] == SQLITE));
    let kept = user.run(&["logs", "--service", "mysql8.4"]);
    says(kept.exits_with(0), &["nothing is kept of mysql8.4"]);
}

#[test]
fn what_is_kept_of_a_service_that_died_is_printed() {
    let user = User::new();
    let state = state(&user);
    let mut recording = Recording::begin(&state, "r", THEN, &[MYSQL]);
    recording.say(Event::ServiceDied {
        service: "mysql8.4".into(),
        exit: "exited with 1".into(),
        log: vec!["InnoDB: out of luck".into()],
    });
    recording.end();
    let kept = user.run(&["logs", "--service", "mysql8.4"]);
    says(
        kept.exits_with(0),
        &["InnoDB: out of luck\n", "mysql8.4 died: it exited with 1"],
    );
}

#[test]
fn a_run_that_goes_on_is_shown_and_followed_from_another_terminal() {
    let user = User::new();
    let state = state(&user);
    let run = RunId::new("20261101-000001-aaaa");
    let lock = state.begin(&run).expect("writable");
    let mut recording = Recording::begin(&state, run.as_str(), THEN, &[SQLITE, MYSQL]);
    recording.start(SQLITE);
    recording.test(SQLITE, "a.B.test_one", TestOutcome::Passed, 7);
    recording.recorder.tick().expect("writable");

    says(
        user.run(&["show"]).exits_with(0),
        &[
            "goes on",
            "0 of 2 cells ended",
            "main-python3.14-sqlite: 1 test",
            "unfinished",
        ],
    );
    let listed = json(&user.run(&["history", "--format", "json"]));
    assert_eq!(listed[0]["outcome"], "running");

    let mut follower = user.djbuild(&["logs", "sqlite", "--follow"]);
    let follower = follower
        .stdout(Stdio::piped())
        .spawn()
        .expect("djbuild starts");
    std::thread::sleep(Duration::from_millis(700));
    recording.test(SQLITE, "a.B.test_two", TestOutcome::Passed, 8);
    recording.recorder.tick().expect("writable");
    recording.end_cell(SQLITE);
    recording.recorder.tick().expect("writable");
    let began = Instant::now();
    let output = follower.wait_with_output().expect("it ends");
    assert!(began.elapsed() < Duration::from_secs(20));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    for word in ["test_one", "test_two", "── passed"] {
        assert!(text.contains(word), "{text}");
    }

    // Nothing more comes of a cell whose run has died.
    std::mem::forget(recording);
    drop(lock);
    says(
        user.run(&["logs", "mysql8.4", "--follow"]).exits_with(0),
        &[],
    );
    says(
        user.run(&["show"]).exits_with(0),
        &["was cut off", "1 of 2 cells ended", "passed"],
    );
}
