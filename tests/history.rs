//! `djbuild history`, `show`, `logs` and `prune` over runs that were recorded.

mod common;
#[path = "common/recorded.rs"]
mod recorded;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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

#[test]
fn history_lists_runs_with_the_last_first_and_finds_them_by_what_they_are() {
    let user = User::new();
    let none = user.run(&["history"]);
    says(none.exits_with(0), &["no run is kept yet"]);
    record(&user, "20261101-000001-aaaa", THEN);
    record(&user, "20261102-000001-bbbb", THEN + 1000);
    record_and_die(&user, "20261103-000001-cccc", THEN + 2000);
    let listed = json(&user.run(&["history", "--format", "json"]));
    let runs = listed.as_array().expect("a list");
    let ids: Vec<&str> = runs
        .iter()
        .map(|run| run["run"].as_str().expect("text"))
        .collect();
    assert_eq!(
        ids,
        [
            "20261103-000001-cccc",
            "20261102-000001-bbbb",
            "20261101-000001-aaaa"
        ]
    );
    assert_eq!(runs[0]["outcome"], "interrupted");
    assert_eq!(runs[0]["ended"], Value::Null);
    assert_eq!(
        runs[0]["cells"],
        serde_json::json!({"passed": 1, "unfinished": 1})
    );
    assert_eq!(runs[1]["outcome"], "failed");
    assert_eq!(runs[1]["began"], THEN + 1000);
    assert_eq!(runs[1]["ended"], THEN + 1000 + 61_250);
    assert_eq!(runs[1]["branch"], "main");
    assert_eq!(runs[1]["branches"][1]["branch"], "stable/6.1.x");
    assert_eq!(runs[1]["matrix"], "quick");
    assert_eq!(runs[1]["arguments"], serde_json::json!(["basic"]));
    assert_eq!((&runs[1]["tests"], &runs[1]["bad"]), (&7.into(), &1.into()));
    for key in ["scheduler", "cause"] {
        assert_eq!(runs[1][key], Value::Null);
    }

    let count = |arguments: &[&str]| {
        let mut words = vec!["history", "--format", "json"];
        words.extend(arguments);
        json(&user.run(&words)).as_array().expect("a list").len()
    };
    assert_eq!(count(&["--limit", "1"]), 1);
    assert_eq!(count(&["--branch", "stable/*"]), 3);
    assert_eq!(count(&["--branch", "nothing"]), 0);
    assert_eq!(count(&["--outcome", "interrupted"]), 1);
    assert_eq!(count(&["--cell", "*-mysql8.4", "--outcome", "failed"]), 2);
    assert_eq!(count(&["--cell", "*-sqlite", "--outcome", "failed"]), 0);

    let table = user.djbuild(&["history"]).env("COLUMNS", "80").output();
    let table = String::from_utf8(table.expect("djbuild starts").stdout).expect("text");
    assert!(table.contains("20261103-000001-cccc"), "{table}");
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{table}"
    );
    let wrong = user.run(&["history", "--outcome", "faild"]);
    wrong.exits_with(2);
    assert!(
        wrong.stderr.contains("did you mean failed?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn what_is_tested_by_default_is_not_what_is_looked_for() {
    let user = User::new();
    record(&user, "20261101-000001-aaaa", THEN);
    let listed = user
        .djbuild(&["history"])
        .env("DJBUILD_BRANCH", "another")
        .output()
        .expect("djbuild starts");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("aaaa"), "{listed}");
}

#[test]
fn a_run_is_shown_again_as_it_was_shown_at_its_end() {
    let user = User::new();
    record(&user, "20261101-000001-aaaa", THEN);
    record(&user, "20261102-000001-bbbb", THEN);
    for (words, run) in [
        (&["show"][..], "bbbb"),
        (&["show", "latest"], "bbbb"),
        (&["show", "-1"], "bbbb"),
        (&["show", "-2"], "aaaa"),
        (&["show", "20261101"], "aaaa"),
        (&["show", "20261101-000001-aaaa"], "aaaa"),
    ] {
        let shown = user.run(words);
        shown.exits_with(0);
        for word in [
            "FAIL  queries.tests.QTests.test_bad",
            "failed 1",
            "Kept in",
            run,
        ] {
            assert!(shown.stdout.contains(word), "{word:?}\n{}", shown.stdout);
        }
    }
    let shown = json(&user.run(&["show", "--format", "json"]));
    assert_eq!(shown["run"], "20261102-000001-bbbb");
    assert_eq!(shown["outcome"], "failed");
    assert_eq!(
        shown["cells"][1]["failures"][0]["test"],
        "queries.tests.QTests.test_bad"
    );
}

#[test]
fn a_cell_is_shown_with_its_phases_and_its_slowest_tests() {
    let user = User::new();
    record(&user, "20261101-000001-aaaa", THEN);
    for words in [
        &["show", "latest", SQLITE][..],
        &["show", SQLITE],
        &["show", "-1", "sqlite"],
    ] {
        says(
            user.run(words).exits_with(0),
            &[
                SQLITE,
                "passed, 3 tests in 13 s",
                "python    3.14.0",
                "1.5 s  loading",
                "2.50 s  queries.tests.QTests.test_slow",
                "no such database",
            ],
        );
    }
    let shown = json(&user.run(&["show", SQLITE, "--format", "json"]));
    assert_eq!(shown["cell"]["outcome"], "passed");
    assert_eq!(shown["phases"][0]["phase"], "loading");
    assert_eq!(shown["phases"][0]["seconds"], 1.5);
    assert_eq!(
        shown["slowest"][0]["test"],
        "queries.tests.QTests.test_slow"
    );
}

#[test]
fn a_test_is_shown_over_all_cells_of_its_run() {
    let user = User::new();
    record(&user, "20261101-000001-aaaa", THEN);
    let whole = "queries.tests.QTests.test_bad";
    for typed in [whole, "test_bad", "QTests.test_bad"] {
        says(
            user.run(&["show", "latest", typed]).exits_with(0),
            &[
                whole,
                "did not run",
                "0.020 s  failed",
                "AssertionError: \\x1b[2J",
            ],
        );
    }
    let shown = json(&user.run(&["show", "test_quick", "--format", "json"]));
    assert_eq!(shown["test"], "queries.tests.QTests.test_quick");
    assert_eq!(shown["cells"][1]["results"][0]["outcome"], "passed");
    assert_eq!(shown["cells"][1]["results"][0]["seconds"], 0.0015);
}

#[test]
fn what_is_not_there_is_a_usage_error_with_what_may_have_been_meant() {
    let user = User::new();
    let none = user.run(&["show"]);
    none.exits_with(2);
    assert!(
        none.stderr.contains("no run is kept yet"),
        "{}",
        none.stderr
    );
    record(&user, "20261101-000001-aaaa", THEN);
    record(&user, "20261101-000002-bbbb", THEN);
    for (words, help) in [
        (
            &["show", "20261101-00001-aaaa", SQLITE][..],
            "did you mean 20261101-000001-aaaa?",
        ),
        (&["show", "2026"], "2 runs begin with"),
        (&["show", "-9"], "only 2 runs are kept"),
        (
            &["show", "latest", "main-python3.14-sqlit3"],
            "did you mean main-python3.14-sqlite?",
        ),
        (
            &["show", "latest", "queries.tests.QTest.test_bad"],
            "did you mean queries.tests.QTests",
        ),
        (&["show", "latest", "python3.14"], "2 cells have"),
        (
            &["show", "latest", "rubbish"],
            "no run, cell or test is called",
        ),
        (&["logs", "nothing"], "no cell is called"),
        (&["logs", "--service", "mysql8.3"], "did you mean mysql8.4?"),
        (&["logs"], "required"),
        (&["prune", "--keep-size", "much"], "such as 500MB"),
        (&["history", "--cell", "["], "--cell ["),
    ] {
        let ran = user.run(words);
        ran.exits_with(2);
        assert!(ran.stderr.contains(help), "{words:?}: {}", ran.stderr);
    }
}

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
fn pruning_says_what_it_frees_and_a_dry_run_frees_nothing() {
    let user = User::new();
    for number in 1..5 {
        record(
            &user,
            &format!("2026110{number}-000001-aaaa"),
            THEN + number,
        );
    }
    let keep = ["prune", "--keep-runs", "2", "--keep-for", "9999d"];
    let mut dry = keep.to_vec();
    dry.push("--dry-run");
    says(
        user.run(&dry).exits_with(0),
        &[
            "would remove run 20261101-000001-aaaa",
            "beyond the newest 2 runs",
            "would free",
        ],
    );
    assert_eq!(state(&user).runs().expect("readable").count(), 4);
    says(
        user.run(&keep).exits_with(0),
        &["removing run 20261102", "freed"],
    );
    assert_eq!(state(&user).runs().expect("readable").count(), 2);
    says(user.run(&keep).exits_with(0), &["nothing to remove"]);
    says(
        user.run(&["prune", "--keep-size", "0", "--keep-for", "1s"])
            .exits_with(0),
        &["removing run 20261103"],
    );
    assert_eq!(
        state(&user).runs().expect("readable").count(),
        1,
        "the last stays"
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
            "a_killed_process_loses_no_finished_cell",
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
