//! A daemon that is killed, and what it had of a cell's log with it.

use djbuild::model::Outcome;

use super::outages::{at_its_fifth_test, away_for, one_a_second};
use super::world::{Step, end, passing, say, world};

#[tokio::test(start_paused = true)]
async fn a_cell_whose_log_was_lost_while_the_engine_was_away_is_run_once_more() {
    let fake = world(|container| {
        if container.name.ends_with("-1") {
            let mut steps = one_a_second();
            steps.truncate(30);
            steps.push(Step::Exit(0));
            steps
        } else {
            passing()
        }
    });
    let ran = at_its_fifth_test(&fake, |fake| away_for(fake, 5)).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(ran.summary.cells[0].attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn a_red_cell_whose_failure_was_lost_while_the_engine_was_away_is_run_once_more() {
    let fake = world(|_| {
        let mut steps = one_a_second();
        let at = steps.len() - 2;
        steps.splice(at.., [end(1), Step::Exit(1)]);
        steps
    });
    let ran = at_its_fifth_test(&fake, |fake| away_for(fake, 5)).await;
    let detail = &ran.summary.cells[0].detail;
    assert_eq!(ran.summary.cells[0].attempts, 2, "{detail}");
}

#[tokio::test(start_paused = true)]
async fn tests_that_passed_and_were_lost_while_the_engine_was_away_are_told_of() {
    let fake = world(|_| {
        let mut steps = one_a_second();
        let at = steps.len() - 2;
        steps.insert(
            at,
            say(r#"{"event":"end","tests":50,"failures":0,"errors":0,"skipped":0,"expected_failures":0,"unexpected_successes":0}"#),
        );
        steps.remove(at + 1);
        steps
    });
    let ran = at_its_fifth_test(&fake, |fake| away_for(fake, 5)).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert!(
        ran.summary
            .notices
            .iter()
            .any(|notice| notice.message.ends_with("the results of 10 tests are lost")),
        "{:?}",
        ran.summary.notices
    );
}
