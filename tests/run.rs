//! `djbuild run` on a real container engine with real Django from PyPI.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{DATABASE, DJANGO, Going, PYTHON, Ran, User, shell};
use serde_json::Value;

fn source() -> String {
    format!("pypi:Django=={DJANGO}")
}

/// A run of a checkout on SQLite, as JSON.
fn sqlite<'a>(labels: &[&'a str], flags: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["run"];
    words.extend(labels);
    words.extend([
        "--python",
        PYTHON,
        "--database",
        "sqlite",
        "--format",
        "json",
    ]);
    words.extend(flags);
    words
}

fn finished(ran: &Ran) -> Value {
    ran.events_of("cell_finished")
        .pop()
        .expect("a cell finished")
}

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
    let cases: [(&str, &[&str], i32, &str, &str); 8] = [
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
            3,
            "infrastructure",
            "hung",
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
        ("djbuild_awkward.full", &[], 3, "infrastructure", "no-space"),
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
fn a_label_of_no_app_is_told_before_anything_is_made() {
    let user = User::new();
    let checkout = user.checkout();
    let ran = user.run_in(&checkout, &["run", "agregation.tests", "-d", "sqlite"]);
    ran.exits_with(2);
    assert!(
        ran.stderr.contains("did you mean aggregation?"),
        "{}",
        ran.stderr
    );
    let report = ["run", "basic", "--report", "junit=no/such/r.xml"];
    let ran = user.run_in(&checkout, &report);
    ran.exits_with(2);
    assert!(
        ran.stderr.contains("there is no folder no/such"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_variant_changes_settings_environment_and_flags_of_its_cells() {
    let user = User::new();
    let checkout = user.checkout();
    let folder = checkout.join("tests/djbuild_variant");
    fs::create_dir(&folder).expect("a new folder");
    fs::write(folder.join("__init__.py"), "").expect("a file");
    let test = "import os, sys\nfrom django.conf import settings\nfrom django.db import connection\n\
        from django.test import TestCase\n\
        class Variant(TestCase):\n\
        \x20   def test_it(self):\n\
        \x20       self.assertEqual(os.environ['COLOUR'], 'green')\n\
        \x20       self.assertEqual(settings.DJBUILD_EXTRA, {'deep': [1, True]})\n\
        \x20       self.assertIs(connection.settings_dict['OPTIONS']['server_side_binding'], True)\n\
        \x20       self.assertEqual(sys.warnoptions, [])\n";
    fs::write(folder.join("tests.py"), test).expect("a file");
    let matrix = "extends = \"quick\"\npythons = \"3.14\"\ndatabases = \"postgresql17\"\nvariants = \"green\"\n\
        [variant.green]\ndatabase-options = { server_side_binding = true }\n\
        settings = { DJBUILD_EXTRA = { deep = [1, true] } }\n\
        environment = { COLOUR = \"green\" }\nflags = [\"--reverse\"]\npython-flags = []\n";
    fs::write(checkout.join("djbuild.toml"), matrix).expect("a file");
    let ran = user.run_in(&checkout, &["run", "djbuild_variant", "--format", "json"]);
    ran.exits_with(0);
    let finished = finished(&ran);
    assert_eq!(finished["cell"], "main-python3.14-postgresql17-green");
    assert_eq!(finished["outcome"], "passed", "{finished}");
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

#[test]
fn uncommitted_changes_of_every_kind_are_tested_without_building_an_image() {
    let user = User::new();
    let checkout = user.checkout();
    user.run_in(
        &checkout,
        &sqlite(&["djbuild_awkward.tests.SubTests.test_all_pass"], &[]),
    )
    .exits_with(0);
    let test = "import os\nfrom pathlib import Path\nfrom django.test import SimpleTestCase\n\
        HERE = Path(__file__).parent\n\
        class Tree(SimpleTestCase):\n\
        \x20   def test_new_file(self):\n        pass\n\
        \x20   def test_executable(self):\n        self.assertTrue(os.access(HERE / 'tool', os.X_OK))\n\
        \x20   def test_link(self):\n        self.assertEqual(os.readlink(HERE / 'link'), 'tool')\n\
        \x20   def test_crlf(self):\n        self.assertIn(b'\\r\\n', (HERE / 'crlf.txt').read_bytes())\n\
        \x20   def test_name_that_is_no_utf_8(self):\n        self.assertIn(b'caf\\xe9', os.listdir(bytes(HERE)))\n\
        \x20   def test_deleted(self):\n        self.assertFalse((HERE.parent.parent / 'INSTALL').exists())\n\
        \x20   def test_modified(self):\n        import django\n        self.assertEqual(django.EDITED, 1)\n\
        \x20   def test_ignored(self):\n        self.assertFalse((HERE / 'ignored.tmp').exists())\n\
        \x20   def test_writable(self):\n        (HERE / 'written').write_text('')\n";
    let folder = checkout.join("tests/djbuild_tree");
    fs::create_dir(&folder).expect("a new folder");
    fs::write(folder.join("__init__.py"), "").expect("a file");
    fs::write(folder.join("tests.py"), test).expect("a file");
    fs::write(folder.join("crlf.txt"), "a\r\nb\r\n").expect("a file");
    fs::write(folder.join("ignored.tmp"), "").expect("a file");
    fs::write(checkout.join(".git/info/exclude"), "*.tmp\n").expect("a file");
    shell(&format!(
        "cd {} && echo x > tool && chmod +x tool && ln -s tool link && echo y > \"$(printf 'caf\\351')\" \
         && rm ../../INSTALL && echo 'EDITED = 1' >> ../../django/__init__.py && git add tool",
        folder.display()
    ));
    let ran = user.run_in(&checkout, &sqlite(&["djbuild_tree"], &[]));
    ran.exits_with(0);
    assert_eq!(ran.events_of("cell_totals")[0]["counts"]["tests"], 9);
    assert_eq!(ran.events_of("image_started"), Vec::<Value>::new());
}

/// A run on this database in which a test hangs, once it does.
fn hanging(user: &User, checkout: &Path, database: &str) -> Going {
    let words = [
        "run",
        "djbuild_awkward.hang",
        "--parallel",
        "1",
        "--python",
        PYTHON,
        "--database",
        database,
        "--format",
        "json",
        "--quiet-timeout",
        "15s",
    ];
    let mut going = Going::start(user.djbuild_in(checkout, &words));
    going.wait_for("test_started");
    going
}

#[test]
fn an_interrupt_stops_the_run_and_two_stop_it_at_once_and_nothing_is_left() {
    let user = User::new();
    let checkout = user.checkout();
    for times in [1, 2] {
        let going = hanging(&user, &checkout, DATABASE);
        for _ in 0..times {
            going.signal("INT");
        }
        let (status, events) = going.end();
        assert_eq!(status, Some(130), "{times}");
        assert!(events.iter().any(|event| event["outcome"] == "cancelled"));
        assert_eq!(user.left(), Vec::<String>::new(), "after {times}");
    }
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_command_and_a_live_run_is_left_alone() {
    let user = User::new();
    let checkout = user.checkout();
    let dead = hanging(&user, &checkout, DATABASE);
    dead.signal("KILL");
    dead.end();
    assert_eq!(
        user.left().len(),
        3,
        "a cell, a server and a network: {:?}",
        user.left()
    );

    let live = hanging(&user, &checkout, DATABASE);
    assert_eq!(
        user.left().len(),
        3,
        "the dead run's things are gone: {:?}",
        user.left()
    );
    let clean = user.run(&["clean"]);
    clean.exits_with(0);
    assert!(
        clean
            .stdout
            .contains("left alone: 3 things of runs that go on"),
        "{}",
        clean.stdout
    );
    assert_eq!(user.left().len(), 3);
    live.signal("INT");
    assert_eq!(live.end().0, Some(130));
    assert_eq!(user.left(), Vec::<String>::new());
}

#[test]
fn a_database_killed_mid_run_is_noticed_and_its_cell_runs_once_more() {
    let user = User::new();
    let checkout = user.checkout();
    let mut going = hanging(&user, &checkout, DATABASE);
    let owner = fs::read_to_string(user.folder().join("state/owner")).expect("an owner");
    shell(&format!(
        "docker kill $(docker ps -q --filter label=djbuild.service={DATABASE} --filter label=djbuild.owner={owner})"
    ));
    let second = going.wait_for("cell_started");
    assert_eq!(second["attempt"], 2);
    let (status, events) = going.end();
    assert_eq!(status, Some(3));
    let last = events
        .iter()
        .rfind(|event| event["event"] == "cell_finished")
        .expect("it finished");
    assert_eq!(
        last["cause"], "hung",
        "the second attempt had a database: {last}"
    );
    assert!(events.iter().any(|event| event["event"] == "service_died"));
    assert_eq!(user.left(), Vec::<String>::new());
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
