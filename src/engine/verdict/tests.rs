use std::time::Duration;

use super::*;

const TEST: &str = "a.B.c";

fn ended(failures: u64) -> Seen {
    Seen {
        totals: Some(Counts {
            tests: 10,
            failures,
            ..Counts::default()
        }),
        ..Seen::default()
    }
}

fn in_test() -> Seen {
    Seen {
        in_flight: vec![TEST.into()],
        ..Seen::default()
    }
}

fn exit(code: i64) -> Exit {
    Exit {
        code,
        ..Exit::default()
    }
}

fn out_of_memory() -> Exit {
    Exit {
        out_of_memory: true,
        ..exit(137)
    }
}

fn worker(signal: i32, own: bool) -> Seen {
    Seen {
        complaint: Some(RunnerMessage::Crashed {
            test: Some(TEST.into()),
            signal: Some(signal),
            exit: Some(-signal),
            own,
        }),
        ..Seen::default()
    }
}

fn runner(signal: Option<i32>, exit: Option<i32>, own: bool) -> Seen {
    Seen {
        ended: Some(RunnerMessage::Ended { signal, exit, own }),
        ..in_test()
    }
}

fn starved(cause: Cause, seen: Seen) -> Seen {
    Seen {
        starved: Some((cause, "/tmp: 0 B free".into())),
        ..seen
    }
}

#[track_caller]
fn is(seen: &Seen, exit: &Exit, outcome: Outcome, cause: Option<Cause>) -> Verdict {
    let verdict = Verdict::of(seen, exit);
    assert_eq!(
        (verdict.outcome, verdict.cause),
        (outcome, cause),
        "{seen:?} {exit:?}"
    );
    verdict
}

#[test]
fn every_way_to_end_has_its_own_name() {
    use Outcome::{Errored, Failed, Infrastructure, Passed};
    let seen = Seen::default;
    let cases = [
        (ended(0), exit(0), Passed, None),
        (ended(1), exit(1), Failed, None),
        (ended(0), exit(1), Errored, Some(Cause::SuiteBroke)),
        (seen(), exit(2), Errored, Some(Cause::SuiteBroke)),
        (
            seen(),
            exit(75),
            Infrastructure,
            Some(Cause::ServiceUnready),
        ),
        (worker(11, false), exit(70), Errored, Some(Cause::Crashed)),
        (in_test(), exit(139), Errored, Some(Cause::Crashed)),
        (in_test(), exit(0), Errored, Some(Cause::Crashed)),
        (
            in_test(),
            out_of_memory(),
            Infrastructure,
            Some(Cause::OutOfMemory),
        ),
        (
            ended(1),
            out_of_memory(),
            Infrastructure,
            Some(Cause::OutOfMemory),
        ),
    ];
    for (seen, exit, outcome, cause) in cases {
        is(&seen, &exit, outcome, cause);
    }
}

#[test]
fn tests_that_fail_where_the_system_says_that_space_ran_out_are_no_verdict() {
    for cause in [Cause::NoSpace, Cause::ServiceFailed] {
        for (seen, code) in [(ended(1), 1), (in_test(), 70)] {
            let seen = starved(cause, seen);
            let verdict = is(&seen, &exit(code), Outcome::Infrastructure, Some(cause));
            assert_eq!(verdict.detail, "/tmp: 0 B free");
        }
        is(&starved(cause, ended(0)), &exit(0), Outcome::Passed, None);
    }
}

#[test]
fn a_log_that_says_that_space_ran_out_decides_nothing() {
    let line = "OSError: [Errno 28] No space left on device".to_owned();
    let seen = Seen {
        tail: vec![line],
        ..ended(1)
    };
    is(&seen, &exit(1), Outcome::Failed, None);
}

#[test]
fn a_signal_that_no_fault_of_a_process_sends_came_from_outside() {
    let ours = (Outcome::Infrastructure, Some(Cause::Killed));
    let djangos = (Outcome::Errored, Some(Cause::Crashed));
    for (signal, (outcome, cause)) in [
        (1, ours),
        (2, ours),
        (9, ours),
        (15, ours),
        (4, djangos),
        (6, djangos),
        (7, djangos),
        (8, djangos),
        (11, djangos),
    ] {
        let code = exit(128 + i64::from(signal));
        for (seen, exit) in [
            (worker(signal, false), exit(70)),
            (runner(Some(signal), None, false), code.clone()),
            (in_test(), code),
        ] {
            let verdict = is(&seen, &exit, outcome, cause);
            let from = if cause == ours.1 { " from outside" } else { "" };
            assert_eq!(verdict.detail, format!("signal {signal}{from} in {TEST}"));
        }
    }
}

#[test]
fn stacks_that_this_engine_did_not_ask_for_were_asked_for_from_outside() {
    let seen = Seen {
        complaint: Some(RunnerMessage::Hung { tests: vec![] }),
        ..in_test()
    };
    is(
        &seen,
        &exit(134),
        Outcome::Infrastructure,
        Some(Cause::Killed),
    );
}

#[test]
fn a_signal_that_a_test_sent_itself_is_djangos() {
    for seen in [worker(15, true), runner(Some(15), None, true)] {
        let verdict = is(&seen, &exit(143), Outcome::Errored, Some(Cause::Crashed));
        assert_eq!(verdict.detail, format!("signal 15 of its own in {TEST}"));
    }
}

#[test]
fn an_exit_status_is_no_signal_where_somebody_saw_the_end() {
    let seen = runner(None, Some(143), false);
    let verdict = is(&seen, &exit(143), Outcome::Errored, Some(Cause::Crashed));
    assert_eq!(verdict.detail, format!("exit status 143 in {TEST}"));
}

#[test]
fn what_ends_a_suite_that_has_its_totals_no_longer_matters() {
    is(&ended(0), &exit(143), Outcome::Passed, None);
    is(&ended(1), &exit(143), Outcome::Failed, None);
}

#[test]
fn a_suite_without_a_test_is_neither_good_nor_bad() {
    let counts = |tests, skipped, errors| Counts {
        tests,
        errors,
        skipped,
        ..Counts::default()
    };
    let verdict = Verdict::of_totals(&counts(0, 0, 0));
    assert_eq!(verdict.outcome, Outcome::Empty);
    assert_eq!(verdict.detail, "no test ran: none is what was asked for");
    let verdict = Verdict::of_totals(&counts(0, 2, 0));
    assert_eq!(verdict.outcome, Outcome::Empty);
    assert_eq!(
        verdict.detail,
        "no test ran: 2 skips with its class or module"
    );
    assert_eq!(
        Verdict::of_totals(&counts(2, 2, 0)).outcome,
        Outcome::Passed
    );
    assert_eq!(
        Verdict::of_totals(&counts(0, 0, 1)).outcome,
        Outcome::Failed
    );
}

#[test]
fn a_test_that_hangs_and_is_known_is_djangos_and_shows_its_stacks() {
    let quiet = Duration::from_secs(600);
    let seen = Seen {
        stacks: vec!["File tests.py, line 3 in test_c".into()],
        tail: vec!["other".into()],
        ..in_test()
    };
    let verdict = Verdict::hung(&seen, quiet);
    assert_eq!(
        (verdict.outcome, verdict.cause),
        (Outcome::Errored, Some(Cause::Hung))
    );
    assert_eq!(verdict.detail, "a.B.c did not finish in 600 s");
    assert_eq!(verdict.log, seen.stacks);

    let unknown = Seen {
        in_flight: vec![],
        stacks: vec![],
        ..seen
    };
    let verdict = Verdict::hung(&unknown, quiet);
    assert_eq!(
        (verdict.outcome, verdict.cause),
        (Outcome::Infrastructure, Some(Cause::Hung))
    );
    assert_eq!(verdict.log, unknown.tail);
}

#[test]
fn tests_that_fail_beside_a_service_in_trouble_are_no_verdict() {
    let trouble = || Some("postgresql17 ran out of memory".to_owned());
    for seen in [ended(1), in_test()] {
        let suffered = Verdict::of(&seen, &exit(1));
        let verdict = suffered.clone().beside(trouble());
        assert_eq!(
            (verdict.outcome, verdict.cause),
            (Outcome::Infrastructure, Some(Cause::ServiceDied))
        );
        assert_eq!(verdict.detail, "postgresql17 ran out of memory");
        assert!(verdict.is_worth_retrying());
        assert_eq!(suffered.clone().beside(None), suffered);
    }
    for verdict in [Verdict::of(&ended(0), &exit(0)), Verdict::cancelled()] {
        assert_eq!(verdict.clone().beside(trouble()), verdict);
    }
}

#[test]
fn a_servers_code_is_ours_only_if_it_is_about_the_server() {
    assert_eq!(server_trouble("53100"), Some(Cause::NoSpace));
    assert_eq!(server_trouble("1040"), Some(Cause::ServiceFailed));
    assert_eq!(server_trouble("57P02"), Some(Cause::ServiceFailed));
    for statement in ["23505", "42P01", "57014", "1062", ""] {
        assert_eq!(server_trouble(statement), None, "{statement}");
    }
}
