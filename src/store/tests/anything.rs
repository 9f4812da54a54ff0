//! Whatever happens in whatever order.

use proptest::prelude::*;

use super::*;

/// What happens next: which kind, in which cell, to which test, and whether others
/// are let see it.
type Step = (u8, bool, u8, bool);

fn event(step: &Step) -> Event {
    let (kind, is_first, number, _) = *step;
    let database = if is_first { "sqlite" } else { "mysql8.4" };
    let name = cell(database).name();
    let id = format!("a.B.test_{}", number % 7);
    match kind % 12 {
        0 => Event::CellStarted {
            cell: name,
            attempt: u32::from(number),
            parallel: 1,
        },
        1 => Event::CellLog {
            cell: name,
            line: format!("[{number},1,1,1]\n\u{1b}\"event\":\"cell_started\""),
        },
        2 => test(database, &id, TestOutcome::Failed),
        3 => test(database, &id, TestOutcome::Skipped),
        4 => Event::TestStarted {
            cell: name,
            test: id,
        },
        5 => Event::Notice(Notice::new(NoticeKind::Stale, "old")),
        6 => of_cell(database).pop().expect("it has an end"),
        _ => test(database, &id, TestOutcome::Passed),
    }
}

fn events(steps: &[Step]) -> Vec<Envelope> {
    let mut events = vec![started("r", &["sqlite", "mysql8.4"])];
    events.extend(steps.iter().map(event));
    numbered(events)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_recorded_is_what_is_read(
        steps in prop::collection::vec(any::<Step>(), 0..120),
        seen in any::<u64>(),
    ) {
        let (_folder, state) = state();
        let run = RunId::new("r");
        let events = events(&steps);
        let lock = state.begin(&run).expect("writable");
        let mut recorder = Recorder::new(&state, &run).expect("writable");
        let mut follow = Follow::new(&state, &run, 0);
        let mut live = Vec::new();
        for (index, envelope) in events.iter().enumerate() {
            recorder.record(envelope).expect("writable");
            if index == 0 || steps[index - 1].3 {
                recorder.tick().expect("writable");
                live.extend(all(&mut follow));
            }
        }
        recorder.finish(&fold(&events)).expect("writable");
        drop(lock);
        prop_assert_eq!(state.replay(&run).expect("readable"), fold(&events));
        live.extend(all(&mut follow));
        let is_kept = |envelope: &&Envelope| !matches!(envelope.event, Event::TestStarted { .. });
        let expected: Vec<&Envelope> = events.iter().filter(is_kept).collect();
        let seen_live: Vec<&Envelope> = live.iter().filter(is_kept).collect();
        prop_assert_eq!(seen_live, expected.clone());
        let after = seen % (events.len() as u64 + 1);
        let later = all(&mut Follow::new(&state, &run, after));
        let later: Vec<&Envelope> = later.iter().filter(is_kept).collect();
        let expected: Vec<&Envelope> =
            expected.into_iter().filter(|envelope| envelope.seq > after).collect();
        prop_assert_eq!(later, expected);
    }

    #[test]
    fn files_that_break_off_anywhere_are_read_as_far_as_they_go(
        steps in prop::collection::vec(any::<Step>(), 0..120),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 4),
    ) {
        let (_folder, state) = state();
        let run = RunId::new("r");
        let events = events(&steps);
        record(&state, &events);
        let folder = state.run_folder(&run);
        std::fs::remove_file(folder.join("summary.json")).expect("there");
        let mut logs = vec![folder.join("tests.jsonl.zst")];
        let cells = std::fs::read_dir(folder.join("cells")).into_iter().flatten();
        logs.extend(cells.map(|entry| entry.expect("readable").path()));
        for (log, cut) in logs.iter().zip(cuts) {
            let mut bytes = std::fs::read(log).expect("there");
            bytes.truncate(cut.index(bytes.len() + 1));
            std::fs::write(log, bytes).expect("writable");
        }
        let read = state.replay(&run).expect("readable");
        prop_assert_eq!(read.started, fold(&events).started);
        let read = all(&mut Follow::new(&state, &run, 0));
        prop_assert!(read.len() <= events.len());
        prop_assert!(read.is_sorted_by_key(|envelope| envelope.seq));
    }
}
