//! The recorder and those who read after it, or while it writes.

use std::os::unix::fs::symlink;
use std::time::Duration;

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

#[test]
fn a_replayed_run_has_the_same_summary() {
    let (_folder, state) = state();
    let summary = record(&state, &run("r"));
    let run = RunId::new("r");
    assert_eq!(state.replay(&run).expect("readable"), summary);
    assert_eq!(state.summary(&run).expect("readable"), summary);
}

#[test]
fn a_run_that_is_killed_loses_no_finished_cell_and_is_shown_as_interrupted() {
    let events = run("r");
    for length in 1..events.len() {
        let (_folder, state) = state();
        record_and_die(&state, &events[..length]);
        let summary = state.summary(&RunId::new("r")).expect("readable");
        let past = state.history(&Wanted::default()).expect("readable");
        assert_eq!(past[0].outcome, "interrupted", "after {length} events");
        assert_eq!(past[0].ended, None);
        let finished: Vec<_> = fold(&events[..length])
            .cells
            .into_iter()
            .filter(|cell| cell.outcome.is_some())
            .collect();
        let kept = summary.cells.iter().filter(|cell| cell.outcome.is_some());
        assert!(kept.eq(finished.iter()), "after {length} events");
        let unfinished = 2 - finished.len() as u64;
        assert_eq!(
            past[0].cells.get("failed").copied().unwrap_or(0),
            finished.len() as u64
        );
        assert_eq!(
            past[0].cells.get("unfinished").copied().unwrap_or(0),
            unfinished
        );
        assert_eq!(past[0].tests, 3 * finished.len() as u64);
    }
}

#[test]
fn what_was_ticked_survives_a_kill() {
    let (_folder, state) = state();
    let run_id = RunId::new("r");
    let events = run("r");
    let mut recorder = Recorder::new(&state, &run_id).expect("writable");
    for envelope in &events[..9] {
        recorder.record(envelope).expect("writable");
    }
    recorder.tick().expect("writable");
    std::mem::forget(recorder);
    assert_eq!(state.replay(&run_id).expect("readable"), fold(&events[..9]));
}

#[test]
fn many_follow_a_run_from_any_point_in_its_order() {
    let events = run("r");
    let run_id = RunId::new("r");
    for step in 1..6 {
        let (_folder, state) = state();
        let lock = state.begin(&run_id).expect("writable");
        let mut recorder = Recorder::new(&state, &run_id).expect("writable");
        let mut first = Follow::new(&state, &run_id, 0);
        let mut second = Follow::new(&state, &run_id, 5);
        let mut seen = Vec::new();
        for (index, envelope) in events.iter().enumerate() {
            recorder.record(envelope).expect("writable");
            if index % step == 0 {
                recorder.tick().expect("writable");
                seen.extend(all(&mut first));
                assert_eq!(seen, events[..=index], "all that was ticked");
            }
        }
        recorder.finish(&fold(&events)).expect("writable");
        drop(lock);
        seen.extend(all(&mut first));
        assert_eq!(seen, events);
        all(&mut first);
        assert!(first.has_ended());
        assert_eq!(all(&mut second), events[5..]);
        let mut third = Follow::new(&state, &run_id, 0).only(cell("sqlite").name());
        let sqlite = cell("sqlite").name();
        assert!(
            all(&mut third).iter().eq(events
                .iter()
                .filter(|envelope| { envelope.event.cell().is_none_or(|cell| *cell == sqlite) }))
        );
    }
}

#[test]
fn who_follows_a_run_that_dies_sees_all_that_is_there_and_an_end() {
    let (_folder, state) = state();
    let events = run("r");
    record_and_die(&state, &events[..events.len() - 2]);
    let mut follow = Follow::new(&state, &RunId::new("r"), 0);
    let seen = all(&mut follow);
    assert!(seen.len() > 1 && seen.iter().all(|envelope| events.contains(envelope)));
    assert!(follow.read().expect("readable").is_none() && follow.has_ended());
}

#[test]
fn the_start_of_a_test_is_kept_where_its_end_does_not_come_next() {
    let (_folder, state) = state();
    let begun = |name: &str| Event::TestStarted {
        cell: cell("sqlite").name(),
        test: name.into(),
    };
    let mut events = vec![started("r", &["sqlite"])];
    events.extend(of_cell("sqlite").into_iter().take(1));
    events.extend([
        begun("a.B.test_quick"),
        test("sqlite", "a.B.test_quick", TestOutcome::Passed),
        begun("a.B.test_crash"),
        begun("a.B.test_hang"),
    ]);
    let run = RunId::new("r");
    let mut recorder = Recorder::new(&state, &run).expect("writable");
    for envelope in &numbered(events) {
        recorder.record(envelope).expect("writable");
    }
    let running = || {
        let detail = state.detail(&run, &cell("sqlite").name());
        detail.expect("readable").running
    };
    recorder.tick().expect("writable");
    assert_eq!(running(), ["a.B.test_crash"]);
    recorder.tick().expect("writable");
    assert_eq!(running(), ["a.B.test_crash", "a.B.test_hang"]);
}

#[test]
fn one_test_is_found_in_every_cell_with_all_its_results() {
    let (_folder, state) = state();
    record(&state, &run("r"));
    let run = RunId::new("r");
    let cells = [cell("sqlite").name(), cell("mysql8.4").name()];
    for (name, outcome) in [
        ("a.B.test_c", TestOutcome::Passed),
        ("a.B.test_d", TestOutcome::Failed),
    ] {
        let results = state.results_of(&run, &cells, name).expect("readable");
        assert_eq!(results.len(), 2);
        for results in results {
            assert_eq!(results.len(), 1);
            assert_eq!(results[0].outcome, outcome);
            assert!((results[0].seconds - 0.3).abs() < 1e-9);
        }
    }
    let none = state.results_of(&run, &cells, "a.B").expect("readable");
    assert!(none.iter().all(Vec::is_empty));
}

#[test]
fn a_full_disk_is_told_once_and_what_is_there_stays_readable() {
    let (_folder, state) = state();
    let run_id = RunId::new("r");
    let folder = state.run_folder(&run_id).join("cells");
    std::fs::create_dir_all(&folder).expect("writable");
    let log = folder.join("stable%2f6.1.x-python3.14-mysql8.4.jsonl.zst");
    symlink("/dev/full", &log).expect("a link");
    let events = run("r");
    let mut recorder = Recorder::new(&state, &run_id).expect("writable");
    let mut told = Vec::new();
    for envelope in &events {
        told.extend(recorder.record(envelope).err());
        told.extend(recorder.tick().err());
    }
    told.extend(recorder.finish(&fold(&events)).err());
    assert_eq!(told.len(), 1, "{told:?}");
    let text = told[0].to_string();
    assert!(
        text.contains("No space left") && text.contains("the run goes on"),
        "{text}"
    );
    // Which is endless to whoever reads it.
    std::fs::remove_file(&log).expect("there");
    let replayed = state.replay(&run_id).expect("readable");
    assert_eq!(replayed.cells[0], fold(&events).cells[0], "the other cell");
    assert_eq!(state.summary(&run_id).expect("readable"), fold(&events));
    let past = state.history(&Wanted::default()).expect("readable");
    assert_eq!(past[0].outcome, "failed");
}

#[test]
fn a_cell_that_begins_again_is_kept_though_its_log_failed() {
    let (_folder, state) = state();
    let run_id = RunId::new("r");
    let folder = state.run_folder(&run_id).join("cells");
    std::fs::create_dir_all(&folder).expect("writable");
    let log = folder.join("stable%2f6.1.x-python3.14-sqlite.jsonl.zst");
    symlink("/dev/full", &log).expect("a link");
    let mut recorder = Recorder::new(&state, &run_id).expect("writable");
    let mut events = vec![started("r", &["sqlite"])];
    events.extend(of_cell("sqlite"));
    let second = events.len();
    events.extend(of_cell("sqlite"));
    let events = numbered(events);
    for (index, envelope) in events.iter().enumerate() {
        if index == second {
            std::fs::remove_file(&log).expect("there");
        }
        let _ = recorder.record(envelope);
    }
    assert_eq!(state.replay(&run_id).expect("readable"), fold(&events));
}

#[test]
fn the_index_is_made_again_from_the_folders() {
    let (_folder, state) = state();
    for id in ["1", "2", "3"] {
        record(&state, &run(id));
    }
    let events = run("r");
    record_and_die(&state, &events[..events.len() - 2]);
    let before = state.history(&Wanted::default()).expect("readable");
    assert_eq!(before.len(), 4);
    for broken in [false, true] {
        for ending in ["sqlite3", "sqlite3-wal", "sqlite3-shm"] {
            let _ = std::fs::remove_file(state.history_file().with_extension(ending));
        }
        if broken {
            std::fs::write(state.history_file(), "no database ".repeat(99)).expect("writable");
        }
        let done = state.reindex().expect("writable");
        assert_eq!((done.runs, done.aside.is_some()), (4, broken));
        assert!(done.unreadable.is_empty());
        let after = state.history(&Wanted::default()).expect("readable");
        assert_eq!(after, before);
    }
}

#[test]
fn a_run_that_goes_on_is_not_disturbed_by_a_new_index() {
    let (_folder, state) = state();
    let events = run("r");
    let run = RunId::new("r");
    let lock = state.begin(&run).expect("writable");
    let mut recorder = Recorder::new(&state, &run).expect("writable");
    for envelope in &events {
        recorder.record(envelope).expect("writable");
        assert_eq!(state.reindex().expect("writable").runs, 1);
    }
    recorder.finish(&fold(&events)).expect("writable");
    drop(lock);
    let before = state.history(&Wanted::default()).expect("readable");
    assert_eq!(before[0].outcome, "failed");
    assert_eq!(state.reindex().expect("writable").runs, 1);
    assert_eq!(state.history(&Wanted::default()).expect("readable"), before);
}

#[test]
fn many_cells_at_once_need_few_files() {
    let (_folder, state) = state();
    let names: Vec<String> = (0..1000)
        .map(|minor| format!("postgresql{minor}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut events = vec![started("r", &names)];
    let cells: Vec<Vec<Event>> = names.iter().map(|name| of_cell(name)).collect();
    for step in 0..cells[0].len() {
        events.extend(cells.iter().map(|cell| cell[step].clone()));
    }
    let events = numbered(events);
    let run = RunId::new("r");
    let mut recorder = Recorder::new(&state, &run).expect("writable");
    let folder = state.run_folder(&run).join("cells");
    let open = || {
        let all = std::fs::read_dir("/proc/self/fd").expect("there").flatten();
        let files = all.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        files.filter(|path| path.starts_with(&folder)).count()
    };
    for envelope in &events {
        recorder.record(envelope).expect("writable");
        if envelope.seq % 299 == 0 {
            assert!(open() <= 200, "{}", open());
            recorder.tick().expect("writable");
        }
    }
    let summary = fold(&events);
    recorder.finish(&summary).expect("writable");
    assert_eq!(open(), 0);
    assert_eq!(state.replay(&run).expect("readable"), summary);
    assert_eq!(all(&mut Follow::new(&state, &run, 0)), events);
}

#[test]
fn several_write_the_index_at_once() {
    let (_folder, state) = state();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let state = &state;
            scope.spawn(move || record(state, &run(&format!("r{number}"))));
        }
    });
    let past = state.history(&Wanted::default()).expect("readable");
    assert_eq!(past.len(), 8);
    assert!(past.iter().all(|run| run.cells["failed"] == 2));
}

#[test]
fn what_goes_on_and_the_last_of_each_branch_and_matrix_are_kept() {
    let (_folder, state) = state();
    for id in ["1", "2", "3", "4"] {
        record(&state, &run(id));
    }
    let live = RunId::new("live");
    let lock = state.begin(&live).expect("writable");
    let mut recorder = Recorder::new(&state, &live).expect("writable");
    recorder.record(&run("live")[0]).expect("writable");
    let names = |retention: &Retention| -> Vec<String> {
        let found = state.reclaimable(retention).expect("readable");
        found.iter().map(|found| found.run.to_string()).collect()
    };
    // All are of 1970, and began at once; ids tell which was last.
    let for_ever = Retention {
        max_age: Duration::MAX,
        ..Retention::default()
    };
    assert!(names(&for_ever).is_empty());
    assert_eq!(names(&Retention::default()), ["4", "3", "2", "1"], "old");
    let two = Retention {
        max_runs: 2,
        ..for_ever
    };
    assert_eq!(names(&two), ["3", "2", "1"]);
    let none = Retention {
        max_bytes: 0,
        ..for_ever
    };
    drop(recorder);
    drop(lock);
    assert_eq!(names(&none), ["4", "3", "2", "1"], "the last one stays");
    let found = state.reclaimable(&none).expect("readable");
    let freed = state.reclaim(&found).expect("writable");
    assert!(freed > 4 * 4096, "{freed}");
    assert!(!state.run_folder(&RunId::new("1")).exists());
    assert_eq!(state.liveness(&RunId::new("1")), Liveness::Dead);
    assert_eq!(
        state.history(&Wanted::default()).expect("readable").len(),
        1
    );
}

#[test]
fn runs_that_lost_their_index_are_pruned_too() {
    let (_folder, state) = state();
    for id in ["1", "2"] {
        record(&state, &run(id));
    }
    std::fs::remove_file(state.history_file()).expect("there");
    let found = state.reclaimable(&Retention::default()).expect("readable");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].run, RunId::new("1"));
}

#[test]
fn only_its_owner_may_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    fn check(path: &std::path::Path) {
        let metadata = std::fs::metadata(path).expect("there");
        let mode = metadata.permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{}", path.display());
        if metadata.is_dir() {
            for entry in std::fs::read_dir(path).expect("there") {
                check(&entry.expect("readable").path());
            }
        }
    }
    let (_folder, state) = state();
    state.owner().expect("writable");
    let mut events = run("r");
    events.insert(
        1,
        Envelope {
            seq: 0,
            at: 0,
            event: Event::ImageLog {
                image: "x".into(),
                step: None,
                line: "y".into(),
            },
        },
    );
    record(&state, &events);
    check(state.folder());
}
