//! What is written, and what of it survives.

use std::os::unix::fs::symlink;

use super::*;

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
fn the_phases_of_a_cell_are_those_of_its_last_attempt_and_begin_before_it() {
    let (_folder, state) = state();
    let name = cell("sqlite").name();
    let phase = |phase| Event::CellPhase {
        cell: name.clone(),
        phase,
    };
    let begin = |attempt| Event::CellStarted {
        cell: name.clone(),
        attempt,
        parallel: 1,
    };
    let mut events = vec![started("r", &["sqlite"])];
    for attempt in [1, 2] {
        events.push(phase(Phase::Images));
        events.push(begin(attempt));
        events.extend([phase(Phase::Starting), phase(Phase::Testing)]);
        events.push(test("sqlite", "a.B.c", TestOutcome::Passed));
    }
    let run = RunId::new("r");
    let mut recorder = Recorder::new(&state, &run).expect("writable");
    for envelope in &numbered(events) {
        recorder.record(envelope).expect("writable");
    }
    recorder.tick().expect("writable");
    let detail = state.detail(&run, &name).expect("readable");
    let phases: Vec<Phase> = detail.phases.iter().map(|time| time.phase).collect();
    assert_eq!(phases, [Phase::Images, Phase::Starting, Phase::Testing]);
    assert_eq!(detail.slowest.len(), 1);
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
