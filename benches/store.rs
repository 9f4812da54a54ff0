//! What a run of 40 cells with 20,000 tests each takes on disk, and how long it takes
//! to look at a thousand runs. DJBUILD_TEST_IDS may name a file with real ids.

#[path = "../tests/common/recorded.rs"]
#[allow(dead_code)]
mod recorded;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use djbuild::model::TestOutcome;
use djbuild::store::State;
use recorded::Recording;

const TESTS: usize = 20_000;
const RUNS: usize = 1_000;
/// Tests between two moments at which others are let see: a second of a fast cell.
const TICK: usize = 40;

const WORDS: [&str; 96] = [
    "get",
    "model",
    "query",
    "field",
    "filter",
    "order",
    "by",
    "with",
    "without",
    "null",
    "empty",
    "foreign",
    "key",
    "related",
    "many",
    "to",
    "one",
    "inherited",
    "abstract",
    "proxy",
    "cache",
    "session",
    "cookie",
    "form",
    "widget",
    "render",
    "template",
    "tag",
    "block",
    "extends",
    "url",
    "resolve",
    "reverse",
    "view",
    "request",
    "response",
    "redirect",
    "login",
    "password",
    "user",
    "permission",
    "admin",
    "list",
    "display",
    "action",
    "inline",
    "formset",
    "invalid",
    "valid",
    "max",
    "length",
    "min",
    "value",
    "choices",
    "default",
    "unique",
    "index",
    "constraint",
    "migration",
    "state",
    "operation",
    "create",
    "delete",
    "update",
    "bulk",
    "save",
    "signal",
    "transaction",
    "atomic",
    "savepoint",
    "aggregate",
    "annotate",
    "count",
    "sum",
    "expression",
    "subquery",
    "exists",
    "union",
    "json",
    "array",
    "date",
    "time",
    "zone",
    "locale",
    "translate",
    "escape",
    "html",
    "file",
    "upload",
    "storage",
    "static",
    "command",
    "option",
    "error",
    "message",
    "check",
];

fn ids(random: &mut fastrand::Rng) -> Vec<String> {
    if let Some(path) = std::env::var_os("DJBUILD_TEST_IDS") {
        let text = std::fs::read_to_string(path).expect("a file of test ids");
        return text.lines().take(TESTS).map(ToOwned::to_owned).collect();
    }
    let mut word = |count: usize| {
        let words: Vec<&str> = (0..count)
            .map(|_| WORDS[random.usize(..WORDS.len())])
            .collect();
        words
    };
    let mut ids = Vec::new();
    while ids.len() < TESTS {
        let (module, class) = (word(2).join("_"), word(3).concat());
        for _ in 0..17 {
            let method = word(4).join("_");
            ids.push(format!("{module}.tests.{class}Tests.test_{method}"));
        }
    }
    ids.truncate(TESTS);
    ids
}

fn cells() -> Vec<String> {
    let mut cells = Vec::new();
    for branch in ["main", "stable/6.1.x"] {
        for python in ["3.12", "3.13", "3.14", "pypy3.11"] {
            for database in [
                "sqlite",
                "postgresql17",
                "mysql8.4",
                "mariadb11.8",
                "oracle23",
            ] {
                cells.push(format!("{branch}-python{python}-{database}"));
            }
        }
    }
    cells
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let state = State::new(folder.path().join("state"));
    let mut random = fastrand::Rng::with_seed(1);
    let (ids, cells) = (ids(&mut random), cells());
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();

    let began = Instant::now();
    for number in 1..RUNS {
        small(&state, number, &cells);
    }
    println!("{} small runs made in {:.1?}", RUNS - 1, began.elapsed());

    let before = on_disk(state.folder());
    let began = Instant::now();
    full(&state, &cells, &ids, &mut random);
    let took = began.elapsed();
    let added = on_disk(state.folder()) - before;
    #[allow(clippy::cast_precision_loss)]
    let megabytes = added as f64 / 1e6;
    #[allow(clippy::cast_precision_loss)]
    let each = added as f64 / (cells.len() * TESTS) as f64;
    println!(
        "{} cells x {TESTS} tests add {:.2} MB ({each:.1} bytes a test), recorded in {took:.1?}",
        cells.len(),
        megabytes,
    );
    for arguments in [
        &["history"][..],
        &["history", "--limit", "1000"],
        &[
            "history", "--limit", "1000", "--cell", "*-sqlite", "--format", "json",
        ],
        &["history", "--branch", "nothing"],
        &["show", "--format", "json"],
        &["show"],
        &["show", "-500"],
        &["show", "latest", cells[1]],
        &["show", "latest", ids[777].as_str()],
        &["logs", cells[1], "--format", "json"],
        &["prune", "--dry-run"],
    ] {
        let fastest = (0..5).map(|_| time(state.folder(), arguments)).min();
        println!(
            "djbuild {}: {} ms",
            arguments.join(" "),
            fastest.unwrap_or(0)
        );
    }
}

/// A run as the thousand others are: its cells, and no tests one by one.
fn small(state: &State, number: usize, cells: &[&str]) {
    let id = format!("20261001-{number:06}-aaaa");
    let at = 1_790_000_000_000 + number as u64 * 1000;
    let mut recording = Recording::begin(state, &id, at, cells);
    for cell in cells {
        recording.start(cell);
        recording.test(
            cell,
            "basic.tests.BasicTests.test_one",
            TestOutcome::Passed,
            1,
        );
        recording.end_cell(cell);
    }
    recording.end();
}

/// Two cells at a time, each in another order.
fn full(state: &State, cells: &[&str], ids: &[String], random: &mut fastrand::Rng) {
    let mut recording = Recording::begin(state, "20261101-000000-aaaa", 1_795_000_000_000, cells);
    for pair in cells.chunks(2) {
        for cell in pair {
            recording.start(cell);
        }
        let orders: Vec<Vec<&String>> = pair.iter().map(|_| order(ids, random)).collect();
        for index in 0..ids.len() {
            for (cell, order) in pair.iter().zip(&orders) {
                // From 100 microseconds to a tenth of a second.
                let micros = 10_f64.powf(2.0 + 3.0 * random.f64());
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let micros = micros as u64;
                recording.wait(micros / 2000);
                let outcome = match random.u32(..10_000) {
                    0..600 => TestOutcome::Skipped,
                    600 => TestOutcome::Failed,
                    _ => TestOutcome::Passed,
                };
                recording.test(cell, order[index], outcome, micros);
            }
            if index % TICK == 0 {
                recording.recorder.tick().expect("writable");
            }
        }
        for cell in pair {
            recording.end_cell(cell);
        }
    }
    recording.end();
}

/// Four processes, each with classes of its own.
fn order<'a>(ids: &'a [String], random: &mut fastrand::Rng) -> Vec<&'a String> {
    let share = ids.len().div_ceil(4);
    let mut queues: Vec<_> = ids.chunks(share).map(<[String]>::iter).collect();
    let mut order = Vec::new();
    while order.len() < ids.len() {
        let queue = random.usize(..queues.len());
        order.extend(queues[queue].next());
    }
    order
}

fn on_disk(path: &Path) -> u64 {
    let metadata = std::fs::symlink_metadata(path).expect("there");
    let mut bytes = metadata.blocks() * 512;
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).expect("readable") {
            bytes += on_disk(&entry.expect("readable").path());
        }
    }
    bytes
}

fn time(state: &Path, arguments: &[&str]) -> u128 {
    let began = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_djbuild"))
        .args(arguments)
        .env("DJBUILD_STATE_DIR", state)
        .stdout(Stdio::null())
        .status()
        .expect("djbuild starts");
    assert!(status.success(), "{arguments:?}");
    began.elapsed().as_millis()
}
