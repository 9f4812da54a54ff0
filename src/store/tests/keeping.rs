//! The index, and what is removed.

use std::time::Duration;

use super::*;

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
