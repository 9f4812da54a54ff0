//! The recorder and those who read after it, or while it writes.

mod anything;
mod following;
mod keeping;
mod recording;

use super::*;
use crate::event::{Envelope, Event, Notice, NoticeKind, RunStarted, Summary, TestResult};
use crate::model::{Cell, Counts, Outcome, Phase, Revision, RunId, SnapshotId, TestOutcome};

fn cell(database: &str) -> Cell {
    Cell {
        branch: "stable/6.1.x".into(),
        python: "3.14".parse().expect("a literal"),
        database: database.parse().expect("a literal"),
        variant: None,
    }
}

fn started(run: &str, databases: &[&str]) -> Event {
    Event::RunStarted(Box::new(RunStarted {
        run: RunId::new(run),
        djbuild: "0".into(),
        revisions: vec![Revision {
            source: ".".into(),
            branch: "stable/6.1.x".into(),
            named: None,
            commit: Some("0123456789abcdef".into()),
            modified: 1,
            snapshot: SnapshotId::new("00"),
        }],
        cells: databases.iter().map(|database| cell(database)).collect(),
        excluded: vec![],
        arguments: vec!["basic".into()],
        flags: vec![],
        matrix: "quick".into(),
        jobs: 1,
        scheduler: None,
        cause: None,
    }))
}

fn test(database: &str, test: &str, outcome: TestOutcome) -> Event {
    let is_bad = outcome.is_bad();
    Event::TestFinished {
        cell: cell(database).name(),
        result: TestResult {
            test: test.into(),
            outcome,
            seconds: 0.1 + 0.2,
            subtest: None,
            extra: false,
            reason: (outcome == TestOutcome::Skipped).then(|| "no luck".into()),
            traceback: is_bad.then(|| "Traceback".into()),
        },
    }
}

/// A cell with three tests, one of them bad.
fn of_cell(database: &str) -> Vec<Event> {
    let name = cell(database).name();
    vec![
        Event::CellStarted {
            cell: name.clone(),
            attempt: 1,
            parallel: 1,
        },
        Event::CellPhase {
            cell: name.clone(),
            phase: Phase::Testing,
        },
        test(database, "a.B.test_c", TestOutcome::Passed),
        Event::CellLog {
            cell: name.clone(),
            line: "a line".into(),
        },
        test(database, "a.B.test_d", TestOutcome::Failed),
        test(database, "a.B.test_e", TestOutcome::Skipped),
        Event::CellTotals {
            cell: name.clone(),
            counts: Counts {
                tests: 3,
                failures: 1,
                skipped: 1,
                ..Counts::default()
            },
        },
        Event::CellFinished {
            cell: name,
            outcome: Outcome::Failed,
            cause: None,
            detail: String::new(),
            log: Vec::new(),
            seconds: 1.123_456_789,
        },
    ]
}

/// Two cells at once, in turn.
fn run(id: &str) -> Vec<Envelope> {
    let mut events = vec![started(id, &["sqlite", "mysql8.4"])];
    events.push(Event::Notice(Notice::new(NoticeKind::Stale, "old")));
    for (one, other) in of_cell("sqlite").into_iter().zip(of_cell("mysql8.4")) {
        events.extend([one, other]);
    }
    events.push(Event::RunFinished {
        seconds: 2.0,
        interrupted: false,
    });
    numbered(events)
}

fn numbered(events: Vec<Event>) -> Vec<Envelope> {
    let number = |(index, event)| Envelope {
        seq: index as u64 + 1,
        at: 1_000 + index as u64 / 2,
        event,
    };
    events.into_iter().enumerate().map(number).collect()
}

fn fold(events: &[Envelope]) -> Summary {
    let mut summary = Summary::begin(&events[0]).expect("a start");
    for envelope in &events[1..] {
        summary.apply(&envelope.event);
    }
    summary
}

fn state() -> (tempfile::TempDir, State) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let state = State::new(folder.path().join("state"));
    (folder, state)
}

/// Records these as a process does that ends well.
fn record(state: &State, events: &[Envelope]) -> Summary {
    let summary = fold(events);
    let run = &summary.started.run;
    let lock = state.begin(run).expect("writable");
    let mut recorder = Recorder::new(state, run).expect("writable");
    for envelope in events {
        recorder.record(envelope).expect("writable");
    }
    recorder.finish(&summary).expect("writable");
    drop(lock);
    summary
}

/// Records these as a process does that is killed then.
fn record_and_die(state: &State, events: &[Envelope]) {
    let run = RunId::new("r");
    let lock = state.begin(&run).expect("writable");
    let mut recorder = Recorder::new(state, &run).expect("writable");
    for envelope in events {
        recorder.record(envelope).expect("writable");
    }
    // The system would close its files, and write nothing.
    std::mem::forget(recorder);
    drop(lock);
}

fn all(follow: &mut Follow) -> Vec<Envelope> {
    std::iter::from_fn(|| follow.read().expect("readable")).collect()
}
