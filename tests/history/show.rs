//! `djbuild show`.

use super::{SQLITE, THEN, json, record, says};
use crate::common::User;

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
