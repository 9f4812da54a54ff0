use std::time::Duration;

use djbuild::model::{Cause, Outcome};

use super::world::{HELLO, ONE_PASSED, STARTED, Step, TWO_FAILED, end, plan, run, say, world};

/// What a cell does, and what it is called for that.
struct Ending {
    steps: Vec<Step>,
    outcome: Outcome,
    cause: Option<Cause>,
    /// What its detail has to name.
    naming: &'static str,
}

async fn check(ending: Ending) {
    let steps = ending.steps.clone();
    let fake = world(move |_| steps.clone());
    let ran = run(plan(&["sqlite"]), &fake).await;
    let script = ending.steps.iter().take(5).collect::<Vec<_>>();
    assert_eq!(
        ran.verdict(0),
        (Some(ending.outcome), ending.cause),
        "{script:?}: {}",
        ran.detail(0)
    );
    assert!(ran.detail(0).contains(ending.naming), "{}", ran.detail(0));
    assert_eq!(fake.left(), Vec::<String>::new(), "{script:?}");
}

fn silent_for(seconds: u64) -> Step {
    Step::Wait(Duration::from_secs(seconds))
}

fn log(line: &str) -> Step {
    Step::Log(line.to_owned())
}

#[tokio::test(start_paused = true)]
async fn failing_tests_are_djangos_failure() {
    let steps = vec![
        say(HELLO),
        say(ONE_PASSED),
        say(TWO_FAILED),
        end(1),
        Step::Exit(1),
    ];
    check(Ending {
        steps: steps.clone(),
        outcome: Outcome::Failed,
        cause: None,
        naming: "",
    })
    .await;
    let ran = run(plan(&["sqlite"]), &world(move |_| steps.clone())).await;
    assert_eq!(ran.summary.cells[0].failures.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_suite_that_came_to_its_end_counts_even_if_its_databases_never_go() {
    check(Ending {
        steps: vec![say(HELLO), say(ONE_PASSED), end(0)],
        outcome: Outcome::Passed,
        cause: None,
        naming: "",
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_suite_that_breaks_is_told_with_its_test_or_its_last_words() {
    check(Ending {
        steps: vec![say(HELLO), say(STARTED), Step::Exit(139)],
        outcome: Outcome::Errored,
        cause: Some(Cause::Crashed),
        naming: "signal 11 in a.B.two",
    })
    .await;
    check(Ending {
        steps: vec![
            log("error: unrecognized arguments: --nonsense"),
            Step::Exit(2),
        ],
        outcome: Outcome::Errored,
        cause: Some(Cause::SuiteBroke),
        naming: "--nonsense",
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_suite_that_breaks_leaves_the_end_of_its_log() {
    let steps = vec![
        log("  File \"/django/django/core/signing.py\", line 318"),
        log("SyntaxError: invalid syntax"),
        Step::Exit(70),
    ];
    let ran = run(plan(&["sqlite"]), &world(move |_| steps.clone())).await;
    assert_eq!(ran.summary.cells[0].log.len(), 2);
    assert!(ran.summary.cells[0].log[0].contains("line 318"));
}

#[tokio::test(start_paused = true)]
async fn what_the_machine_did_to_a_cell_is_ours_and_has_a_name_each() {
    let killed = |last| vec![say(HELLO), say(STARTED), last];
    let told = |fact| {
        vec![
            say(HELLO),
            say(fact),
            say(TWO_FAILED),
            end(1),
            Step::Exit(1),
        ]
    };
    for (steps, cause) in [
        (killed(Step::OutOfMemory), Cause::OutOfMemory),
        (killed(Step::Exit(137)), Cause::Killed),
        (killed(Step::Flood), Cause::Flooded),
        (killed(Step::Exit(143)), Cause::Killed),
        (
            told(r#"{"event":"full","path":"/tmp","free":0}"#),
            Cause::NoSpace,
        ),
        (
            told(r#"{"event":"out_of_memory","kills":1}"#),
            Cause::OutOfMemory,
        ),
        (
            told(r#"{"event":"server","code":"53100","message":"no space"}"#),
            Cause::NoSpace,
        ),
        (
            told(
                r#"{"event":"server","code":"57P02","message":"crash of another server process"}"#,
            ),
            Cause::ServiceFailed,
        ),
    ] {
        check(Ending {
            steps,
            outcome: Outcome::Infrastructure,
            cause: Some(cause),
            naming: "",
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_log_says_and_what_a_statement_breaks_stay_djangos_failure() {
    for line in [
        log("OSError: [Errno 28] No space left on device"),
        log("FATAL: terminating connection due to administrator command"),
        say(r#"{"event":"server","code":"23505","message":"duplicate key"}"#),
    ] {
        check(Ending {
            steps: vec![say(HELLO), line, say(TWO_FAILED), end(1), Step::Exit(1)],
            outcome: Outcome::Failed,
            cause: None,
            naming: "",
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_suite_in_which_no_test_ran_is_empty() {
    let end = r#"{"event":"end","tests":0,"failures":0,"errors":0,"skipped":0,"expected_failures":0,"unexpected_successes":0}"#;
    check(Ending {
        steps: vec![say(HELLO), say(end), Step::Exit(0)],
        outcome: Outcome::Empty,
        cause: None,
        naming: "no test ran",
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cell_in_which_no_test_finishes_is_hung_whatever_it_prints() {
    let chatter = [silent_for(10), log("still here")];
    let start = [say(HELLO), say(STARTED)];
    check(Ending {
        steps: start
            .into_iter()
            .chain(chatter.into_iter().cycle().take(400))
            .collect(),
        outcome: Outcome::Errored,
        cause: Some(Cause::Hung),
        naming: "a.B.two",
    })
    .await;
    check(Ending {
        steps: vec![say(HELLO)],
        outcome: Outcome::Infrastructure,
        cause: Some(Cause::Hung),
        naming: "no test finished in 600 s",
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cell_whose_tests_go_on_and_on_is_timed_out() {
    let test = [say(ONE_PASSED), silent_for(300)];
    check(Ending {
        steps: test.into_iter().cycle().take(200).collect(),
        outcome: Outcome::Infrastructure,
        cause: Some(Cause::TimedOut),
        naming: "3600 s",
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_cell_lacks_and_does_not_obey_is_kept_with_its_results() {
    let hello = HELLO.replace('}', r#","missing":["pylibmc","numpy"]}"#);
    let steps = vec![
        say(&hello),
        say(r#"{"event":"notice","kind":"left-out","message":"--pdb: no terminal"}"#),
        say(ONE_PASSED),
        end(0),
        Step::Exit(0),
    ];
    let ran = run(plan(&["sqlite"]), &world(move |_| steps.clone())).await;
    let cell = &ran.summary.cells[0];
    assert_eq!(cell.environment["missing"], "pylibmc, numpy");
    let notice = &ran.summary.notices[0].message;
    assert!(notice.ends_with("sqlite: --pdb: no terminal"), "{notice}");
}
