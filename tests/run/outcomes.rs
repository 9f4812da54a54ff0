//! What becomes of tests and cells, and how it is counted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::{DATABASE, Going, PYTHON, User, shell};
use crate::{finished, source, sqlite};

/// `expected.json`: outcomes by test, in the order they are told.
fn expected() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/awkward/expected.json");
    serde_json::from_slice(&fs::read(path).expect("the fixture")).expect("JSON")
}

#[test]
fn every_outcome_is_counted_as_django_counts_it_serial_and_parallel() {
    let user = User::new();
    let checkout = user.checkout();
    let expected = expected();
    for parallel in ["1", "2"] {
        let ran = user.run_in(
            &checkout,
            &sqlite(&["djbuild_awkward"], &["--parallel", parallel]),
        );
        ran.exits_with(1);
        let totals = &ran.events_of("cell_totals")[0]["counts"];
        assert_eq!(totals, &expected["totals"], "--parallel {parallel}");
        let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for event in ran.events_of("test_finished") {
            let text = |key: &str| event[key].as_str().map(ToOwned::to_owned);
            let mut name = text("test").expect("an id");
            if let Some(subtest) = text("subtest") {
                name = format!("{name} {subtest}");
            }
            outcomes
                .entry(name)
                .or_default()
                .push(text("outcome").expect("an outcome"));
        }
        let outcomes = serde_json::to_value(outcomes).expect("text");
        assert_eq!(outcomes, expected["outcomes"], "--parallel {parallel}");
    }
}

#[test]
fn ruined_cells_are_told_apart_by_name() {
    let user = User::new();
    let checkout = user.checkout();
    let cases: [(&str, &[&str], i32, &str, &str); 12] = [
        (
            "djbuild_awkward.crash",
            &["--parallel", "1"],
            1,
            "errored",
            "crashed",
        ),
        (
            "djbuild_awkward.crash",
            &["--parallel", "2"],
            1,
            "errored",
            "crashed",
        ),
        (
            "djbuild_awkward.leave",
            &["--parallel", "1"],
            1,
            "errored",
            "crashed",
        ),
        (
            "djbuild_awkward.hang",
            &["--quiet-timeout", "10s"],
            1,
            "errored",
            "hung",
        ),
        (
            "djbuild_awkward.ends_itself",
            &["--parallel", "1"],
            1,
            "errored",
            "crashed",
        ),
        (
            "djbuild_awkward.ends_itself",
            &["--parallel", "2"],
            1,
            "errored",
            "crashed",
        ),
        (
            "djbuild_awkward.flood",
            &["--log-limit", "1"],
            3,
            "infrastructure",
            "flooded",
        ),
        (
            "djbuild_awkward.hog",
            &["--memory", "400", "--parallel", "1"],
            3,
            "infrastructure",
            "out-of-memory",
        ),
        (
            "djbuild_awkward.full.Full",
            &[],
            3,
            "infrastructure",
            "no-space",
        ),
        (
            "djbuild_awkward.full.Tidy",
            &["--parallel", "2"],
            3,
            "infrastructure",
            "no-space",
        ),
        ("djbuild_awkward.claims", &[], 1, "failed", "null"),
        ("basic.no_such_module", &[], 1, "failed", "null"),
    ];
    for (label, flags, status, outcome, cause) in cases {
        let ran = user.run_in(&checkout, &sqlite(&[label], flags));
        ran.exits_with(status);
        let finished = finished(&ran);
        assert_eq!(finished["outcome"], outcome, "{label}: {finished}");
        assert_eq!(
            finished["cause"].as_str().unwrap_or("null"),
            cause,
            "{label}: {finished}"
        );
        if cause == "crashed" {
            assert!(
                finished["detail"]
                    .as_str()
                    .is_some_and(|d| d.contains("djbuild_awkward")),
                "{finished}"
            );
        }
    }
    assert_eq!(user.left(), Vec::<String>::new());
}

#[test]
fn a_run_in_which_no_test_ran_is_not_green() {
    let user = User::new();
    let checkout = user.checkout();
    let ran = user.run_in(
        &checkout,
        &sqlite(&["basic"], &["--", "-k", "no_such_test"]),
    );
    ran.exits_with(5);
    let finished = finished(&ran);
    assert_eq!(finished["outcome"], "empty", "{finished}");
}

/// Cells are told apart by their databases, so that is what they run on.
#[test]
fn a_cell_runs_on_its_own_database_and_says_what_it_does_not_obey() {
    let user = User::new();
    let checkout = user.checkout();
    for settings in [
        "--settings=djbuild_awkward.elsewhere",
        "--sett=djbuild_awkward.elsewhere",
    ] {
        let flags = ["--", settings, "--pd"];
        let label = "djbuild_awkward.tests.UsesTheDatabase";
        let ran = user.run_in(&checkout, &sqlite(&[label], &flags));
        ran.exits_with(0);
        let notices: Vec<_> = ran
            .events_of("notice")
            .iter()
            .map(|notice| notice["message"].to_string())
            .collect();
        for said in ["not on the DATABASES of --settings", "--pdb"] {
            assert!(
                notices.iter().any(|notice| notice.contains(said)),
                "{settings}: {said}: {notices:?}"
            );
        }
    }
}

#[test]
fn a_cell_that_somebody_else_ends_is_run_again_and_is_no_verdict_on_django() {
    let user = User::new();
    let checkout = user.checkout();
    let words = sqlite(&["djbuild_awkward.hang"], &["--parallel", "1"]);
    let mut going = Going::start(user.djbuild_in(&checkout, &words));
    for signal in ["KILL", "QUIT"] {
        while going.wait_for("test_started")["test"] != "djbuild_awkward.hang.Hang.test_2_hang" {}
        for cell in user.left() {
            shell(&format!("docker kill --signal {signal} {cell}"));
        }
    }
    let (status, events) = going.end();
    assert_eq!(status, Some(3));
    let finished = events
        .iter()
        .rfind(|event| event["event"] == "cell_finished")
        .expect("it finished");
    assert_eq!(finished["cause"], "killed", "{finished}");
    // Of SIGQUIT it shows where it was.
    let shown = finished["log"].to_string();
    assert!(shown.contains("in test_2_hang"), "{finished}");
    assert_eq!(user.left(), Vec::<String>::new());
}

#[test]
fn a_server_that_crashes_and_recovers_is_no_verdict_on_django() {
    let user = User::new();
    let checkout = user.checkout();
    let words = ["run", "djbuild_awkward.server", "--python", PYTHON];
    let words = [&words[..], &["--database", DATABASE, "--format", "json"]].concat();
    let ran = user.run_in(&checkout, &words);
    ran.exits_with(3);
    let finished = finished(&ran);
    assert_eq!(finished["cause"], "service-failed", "{finished}");
    assert_eq!(ran.events_of("cell_started").len(), 2);
}

#[test]
fn a_cell_without_an_image_is_skipped_with_the_reason() {
    let user = User::new();
    let source = source();
    let ran = user.run(&[
        "run",
        "basic",
        "--source",
        &source,
        "--python",
        PYTHON,
        "--database",
        "oracle23",
        "--base",
        "debian",
    ]);
    ran.exits_with(3);
    assert!(
        ran.stdout.contains("no base image for oracle23"),
        "{}",
        ran.stdout
    );
}
