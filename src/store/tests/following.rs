//! Who reads while it is written.

use super::*;

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
