//! What a run prints and writes.

use std::fs;

use serde_json::Value;

use crate::common::{DATABASE, PYTHON, User};
use crate::source;

#[test]
fn a_release_passes_on_sqlite_and_postgresql_and_a_second_run_builds_nothing() {
    let user = User::new();
    let source = source();
    let words = [
        "run",
        "basic",
        "signing",
        "--source",
        &source,
        "--python",
        PYTHON,
        "--database",
        "sqlite",
        "--database",
        DATABASE,
        "--format",
        "json",
    ];
    let first = user.run(&words);
    first.exits_with(0);
    let cells = first.events_of("cell_totals");
    assert_eq!(cells.len(), 2);
    for cell in &cells {
        assert_eq!(cell["counts"]["tests"], cells[0]["counts"]["tests"]);
        assert_eq!(cell["counts"]["failures"], 0);
        assert!(cell["counts"]["tests"].as_u64() > Some(60), "{cell}");
    }
    assert_eq!(user.left(), Vec::<String>::new());

    let second = user.run(&words);
    second.exits_with(0);
    assert_eq!(second.events_of("image_started"), Vec::<Value>::new());
}

#[test]
fn the_table_the_failures_and_the_reports_are_for_people_and_machines() {
    let user = User::new();
    let checkout = user.checkout();
    let ran = user.run_in(
        &checkout,
        &[
            "run",
            "djbuild_awkward.tests.Outcomes",
            "--python",
            PYTHON,
            "--database",
            "sqlite",
            "--report",
            "junit=report.xml",
            "--report",
            "json=report.json",
        ],
    );
    ran.exits_with(1);
    assert!(ran.stdout.contains("│ main"), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("FAIL  djbuild_awkward.tests.Outcomes.test_fails\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("'expected' != 'actual'"),
        "{}",
        ran.stdout
    );
    let again = format!(
        "again: djbuild run --python {PYTHON} --database sqlite djbuild_awkward.tests.Outcomes.test_fails\n"
    );
    assert!(ran.stdout.contains(&again), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\u{1b}'), "no colour in a pipe");
    assert!(
        ran.stderr.contains("FAIL djbuild_awkward"),
        "failures appear as they happen: {}",
        ran.stderr
    );
    let junit = fs::read_to_string(checkout.join("report.xml")).expect("a report");
    assert!(junit.contains("test_fails"), "{junit}");
    let json = fs::read(checkout.join("report.json")).expect("a report");
    let json: Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(json["cells"][0]["outcome"], "failed");
    assert_eq!(json["started"]["cells"][0]["database"], "sqlite");
}

#[test]
fn reports_for_people_and_for_github_tell_of_a_failure() {
    let user = User::new();
    let checkout = user.checkout();
    let summary = user.folder().join("summary.md");
    let report = user.folder().join("report.md");
    let output = user
        .djbuild_in(
            &checkout,
            &["run", "djbuild_awkward.tests", "-d", "sqlite", "-p", PYTHON],
        )
        .args(["--report", &format!("markdown={}", report.display())])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("djbuild starts");
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        stdout.contains("::error file=tests/djbuild_awkward/tests.py,line="),
        "{stdout}"
    );
    let text = fs::read_to_string(&summary).expect("a job's summary");
    assert!(text.contains("| branch | Python | sqlite |"), "{text}");
    assert!(text.contains("<details>"), "{text}");
    assert_eq!(fs::read_to_string(&report).expect("a report"), text);
}
