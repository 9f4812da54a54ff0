//! The index, what a killed process leaves, and a newer store.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use djbuild::model::{RunId, TestOutcome};
use djbuild::store::State;

use super::{MYSQL, SQLITE, THEN, json, record, record_and_die, says};
use crate::common::User;
use crate::recorded::Recording;

#[test]
fn the_index_is_made_again_and_says_the_same() {
    let user = User::new();
    for number in 1..4 {
        record(
            &user,
            &format!("2026110{number}-000001-aaaa"),
            THEN + number,
        );
    }
    record_and_die(&user, "20261105-000001-dead", THEN + 9);
    let before = user.run(&["history", "--format", "json"]).stdout;
    for entry in std::fs::read_dir(user.folder().join("state")).expect("there") {
        let path = entry.expect("readable").path();
        if path.to_string_lossy().contains("history.sqlite3") {
            std::fs::remove_file(path).expect("there");
        }
    }
    let empty = user.run(&["history"]);
    says(empty.exits_with(0), &["djbuild prune --reindex"]);
    let made = user.run(&["prune", "--reindex", "--keep-for", "9999d"]);
    says(
        made.exits_with(0),
        &["4 runs in the index", "nothing to remove"],
    );
    assert_eq!(user.run(&["history", "--format", "json"]).stdout, before);
}

#[test]
fn a_damaged_index_says_what_to_do_and_hides_no_run() {
    let user = User::new();
    record(&user, "20261101-000001-aaaa", THEN);
    let index = user.folder().join("state/history.sqlite3");
    std::fs::write(&index, "no database ".repeat(999)).expect("writable");
    let broken = user.run(&["history"]);
    broken.exits_with(3);
    assert!(
        broken.stderr.contains("djbuild prune --reindex"),
        "{}",
        broken.stderr
    );
    says(user.run(&["show", SQLITE]).exits_with(0), &["passed"]);
    let made = user.run(&["prune", "--reindex", "--keep-for", "9999d"]);
    says(made.exits_with(0), &["1 run in the index"]);
    assert!(made.stderr.contains("history.broken"), "{}", made.stderr);
    says(
        user.run(&["history"]).exits_with(0),
        &["20261101-000001-aaaa"],
    );
}

#[test]
fn a_store_of_a_newer_version_is_left_untouched() {
    let user = User::new();
    record(&user, "20261101-000001-aaaa", THEN);
    let version = user.folder().join("state/version");
    std::fs::write(&version, "99\n").expect("writable");
    for words in [
        &["history"][..],
        &["show"],
        &["logs", SQLITE],
        &["prune"],
        &["prune", "--reindex"],
    ] {
        let ran = user.run(words);
        ran.exits_with(3);
        for word in ["a newer djbuild", "DJBUILD_STATE_DIR"] {
            assert!(ran.stderr.contains(word), "{words:?}: {}", ran.stderr);
        }
    }
    assert_eq!(std::fs::read_to_string(&version).expect("there"), "99\n");
}

#[test]
fn a_killed_process_loses_no_finished_cell() {
    // Itself, in another process that ends by signal 9.
    const HOME: &str = "DJBUILD_TEST_RECORDS_IN";
    if let Some(folder) = std::env::var_os(HOME) {
        let state = State::new(folder.into());
        let lock = state.begin(&RunId::new("r")).expect("writable");
        let mut recording = Recording::begin(&state, "r", THEN, &[SQLITE, MYSQL]);
        recording.start(SQLITE);
        recording.start(MYSQL);
        for number in 0..5000 {
            let test = format!("a.B.test_{number}");
            recording.test(SQLITE, &test, TestOutcome::Passed, number);
            recording.test(MYSQL, &test, TestOutcome::Passed, number);
        }
        recording.end_cell(SQLITE);
        println!("\nfinished");
        std::io::stdout().flush().expect("a pipe");
        std::thread::sleep(Duration::from_secs(60));
        drop(lock);
        return;
    }
    let user = User::new();
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args([
            "index::a_killed_process_loses_no_finished_cell",
            "--exact",
            "--nocapture",
        ])
        .env(HOME, user.folder().join("state"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test starts");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(
        child.stdout.take().expect("piped above"),
    ));
    let finished = lines.any(|line| line.expect("readable").ends_with("finished"));
    assert!(finished);
    let listed = json(&user.run(&["history", "--format", "json"]));
    assert_eq!(listed[0]["outcome"], "running");
    child.kill().expect("it was started");
    child.wait().expect("it was started");
    let listed = json(&user.run(&["history", "--format", "json"]));
    assert_eq!(listed[0]["outcome"], "interrupted");
    assert_eq!(listed[0]["tests"], 5000);
    let shown = json(&user.run(&["show", "--format", "json"]));
    assert_eq!(shown["cells"][0]["outcome"], "passed");
    assert_eq!(shown["cells"][0]["counts"]["tests"], 5000);
    says(
        user.run(&["show", "test_4999"]).exits_with(0),
        &["a.B.test_4999", "passed"],
    );
}
