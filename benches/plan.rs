//! Ten thousand cells from a request to a plan: a checkout with as many files as
//! Django's, ten branches of it, eight Pythons, 125 databases, and a history of a
//! thousand runs.

#[path = "shared/peak.rs"]
mod peak;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use djbuild::event::{Envelope, Event, RunStarted, Summary};
use djbuild::model::{Cell, Outcome, RunId};
use djbuild::run::{Home, Request, Scope, prepare, snapshots};
use djbuild::runtime::Capabilities;
use djbuild::source::Origin;
use djbuild::store::State;

const BRANCHES: usize = 10;
const PYTHONS: usize = 8;
const DATABASES: usize = 125;
const FILES: usize = 7_000;
const RUNS: u64 = 1_000;
const TIMES: usize = 5;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let checkout = folder.path().join("django");
    make_checkout(&checkout);
    let home = Home {
        state: State::new(folder.path().join("state")),
        cache: folder.path().join("cache"),
    };
    keep_runs(&home.state);
    let request = Request::of(Scope {
        folder: checkout.clone(),
        matrix: Some("many.toml".to_owned()),
        sources: vec![Origin::Checkout(checkout)],
        branches: vec!["topic/*".to_owned()],
        ..Scope::default()
    });
    let engine = Capabilities {
        name: "none".to_owned(),
        cores: 8,
        memory: 32 << 30,
    };
    let (mut reading, mut planning) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let began = Instant::now();
        let read = snapshots(&request, &home, &|_| {}).unwrap_or_else(|error| panic!("{error}"));
        reading.push(began.elapsed().as_secs_f64());
        let prepared = prepare(&request, read, &home, &engine).expect("writable");
        planning.push(began.elapsed().as_secs_f64());
        assert_eq!(
            prepared.plan.cells.len(),
            BRANCHES * PYTHONS * DATABASES,
            "each cell is planned"
        );
        home.state.forget(&prepared.run);
    }
    println!(
        "{} cells planned: {:.2} s (goal 1), {:.2} of them for the checkout and the matrix",
        BRANCHES * PYTHONS * DATABASES,
        median(planning),
        median(reading),
    );
    println!("peak memory {} MiB (goal 190)", peak::memory());
}

fn make_checkout(folder: &Path) {
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    };
    let minimum = |tuple: &str| format!("class A:\n    minimum_database_version = {tuple}\n");
    let classifiers: String = (0..PYTHONS)
        .map(|minor| {
            format!(
                "    \"Programming Language :: Python :: 3.{}\",\n",
                minor + 8
            )
        })
        .collect();
    write(
        "pyproject.toml",
        &format!(
            "[project]\nname = \"Django\"\nrequires-python = \">= 3.8\"\nclassifiers = [\n{classifiers}]\n"
        ),
    );
    write("django/__init__.py", "VERSION = (6, 2, 0, \"alpha\", 0)\n");
    write("tests/runtests.py", "");
    let backends = "django/db/backends";
    write(
        &format!("{backends}/sqlite3/features.py"),
        &minimum("(3, 31)"),
    );
    write(
        &format!("{backends}/postgresql/features.py"),
        &minimum("(1,)"),
    );
    write(&format!("{backends}/oracle/features.py"), &minimum("(19,)"));
    write(
        &format!("{backends}/mysql/features.py"),
        "class A:\n    @cached_property\n    def minimum_database_version(self):\n        \
         if self.connection.mysql_is_mariadb:\n            return (10, 6)\n        \
         else:\n            return (8, 0, 11)\n",
    );
    for name in ["py3", "postgres", "mysql", "oracle"] {
        write(&format!("tests/requirements/{name}.txt"), "tblib\n");
    }
    for number in 0..FILES {
        let path = format!("tests/app_{}/test_{number}.py", number % 200);
        write(&path, &format!("NUMBER = {number}\n"));
    }
    let pythons: Vec<String> = (0..PYTHONS)
        .map(|minor| format!("\"3.{}\"", minor + 8))
        .collect();
    let versions: Vec<String> = (1..=DATABASES)
        .map(|version| format!("\"{version}\""))
        .collect();
    write(
        "many.toml",
        &format!(
            "branches = \"*\"\npythons = [{}]\ndatabases = \"postgresql:*\"\n\
             [releases]\npostgresql = [{}]\n",
            pythons.join(", "),
            versions.join(", ")
        ),
    );
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(["-c", "user.name=b", "-c", "user.email=b@example.org"])
            .arg("-C")
            .arg(folder)
            .args(arguments)
            .status();
        assert!(status.is_ok_and(|status| status.success()), "{arguments:?}");
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "Django"]);
    for branch in 0..BRANCHES {
        git(&["checkout", "-q", "-b", &format!("topic/{branch}")]);
        write("django/branch.py", &format!("BRANCH = {branch}\n"));
        git(&["add", "."]);
        git(&["commit", "-qm", "A branch"]);
    }
}

/// A history of runs of the whole suite, with 40 cells each.
fn keep_runs(state: &State) {
    let cells: Vec<Cell> = (0..40)
        .map(|index| Cell {
            branch: format!("topic/{}", index % 4).into(),
            python: format!("3.{}", 8 + index % 10).parse().expect("a Python"),
            database: format!("postgresql{}", 1 + index)
                .parse()
                .expect("a database"),
            variant: None,
        })
        .collect();
    let mut history = state.index().expect("writable");
    for run in 0..RUNS {
        let started = RunStarted {
            run: RunId::new(format!("run-{run}")),
            djbuild: "0".to_owned(),
            revisions: vec![],
            cells: cells.clone(),
            excluded: vec![],
            arguments: vec![],
            flags: vec![],
            matrix: "many".to_owned(),
            jobs: 2,
            scheduler: None,
            cause: None,
        };
        let mut summary = Summary::begin(&Envelope {
            seq: 1,
            at: run,
            event: Event::RunStarted(Box::new(started)),
        })
        .expect("a start");
        for cell in &cells {
            summary.apply(&Event::CellFinished {
                cell: cell.name(),
                outcome: Outcome::Passed,
                cause: None,
                detail: String::new(),
                log: vec![],
                seconds: 100.0,
            });
        }
        history.add(&summary).expect("writable");
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
