//! Registries and networks in trouble: what is not known is not remembered.

use std::sync::Arc;
use std::time::Duration;

use djbuild::event::{Event, NoticeKind};
use djbuild::model::{Cause, Outcome};
use djbuild::plan::{BaseSource, Plan};
use djbuild::runtime::PullError;

use super::world::{Answer, Fake, Ran, engine, named, passing, plan, run, run_on, world};

/// A plan whose bases come from a registry, and from nowhere else.
fn from_registry(databases: &[&str]) -> Plan {
    let mut plan = plan(databases);
    plan.base_source = BaseSource::Registry;
    plan
}

fn busy() -> Answer {
    Answer::Not(PullError::Busy {
        message: "429 Too Many Requests".to_owned(),
        retry_after: Some(Duration::from_secs(7)),
    })
}

fn pulls(fake: &Fake) -> usize {
    fake.calls().iter().filter(|call| **call == "pull").count()
}

fn retries(ran: &Ran) -> usize {
    let is_retry =
        |event: &&Event| matches!(event, Event::Notice(n) if n.kind == NoticeKind::Retry);
    ran.events.iter().filter(is_retry).count()
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_does_not_say_is_infrastructure_and_never_skipped() {
    let failing = PullError::Failing("500 Internal Server Error".to_owned());
    let refused = PullError::Refused("401 Unauthorized".to_owned());
    for (answer, asked) in [
        (busy(), 4),
        (Answer::Not(failing), 4),
        (Answer::Not(refused), 1),
    ] {
        let fake = world(|_| passing());
        fake.withhold("python", [answer.clone()]);
        let ran = run(from_registry(&["sqlite", "sqlite"]), &fake).await;
        for cell in 0..2 {
            assert_eq!(
                ran.verdict(cell),
                (Some(Outcome::Infrastructure), Some(Cause::ImageFailed)),
                "{answer:?}"
            );
        }
        assert_eq!(ran.summary.outcome(), Outcome::Infrastructure);
        assert_eq!(pulls(&fake), asked, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_is_busy_for_a_while_is_asked_when_it_wants_to_be() {
    let fake = world(|_| passing());
    fake.withhold("python", [busy(), busy(), Answer::Given]);
    let began = tokio::time::Instant::now();
    let ran = run(from_registry(&["sqlite"]), &fake).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert!(began.elapsed() >= Duration::from_secs(14));
    assert_eq!(retries(&ran), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_known_not_to_exist_is_skipped_and_a_run_of_nothing_else_has_no_verdict() {
    let fake = world(|_| passing());
    fake.withhold("python", []);
    let ran = run(from_registry(&["sqlite"]), &fake).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Skipped), None));
    assert!(
        ran.detail(0).contains("manifest unknown"),
        "{}",
        ran.detail(0)
    );
    assert_eq!(ran.summary.outcome(), Outcome::Infrastructure);
    assert_eq!(pulls(&fake), 1);
}

#[tokio::test(start_paused = true)]
async fn one_base_that_is_there_does_not_make_up_for_one_that_nobody_gave() {
    let fake = world(|_| passing());
    fake.withhold("postgres", [busy()]);
    let ran = run(from_registry(&["sqlite", "postgresql17"]), &fake).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(
        ran.verdict(1),
        (Some(Outcome::Infrastructure), Some(Cause::ImageFailed))
    );
    assert_eq!(ran.summary.outcome(), Outcome::Infrastructure);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_fails_for_the_network_is_tried_again() {
    let fake = world(|_| passing());
    fake.fail_builds("python", 1, "djbuild: network: the index did not answer");
    let ran = run(plan(&["sqlite", "sqlite"]), &fake).await;
    assert_eq!(ran.summary.outcome(), Outcome::Passed);
    assert!(ran.summary.image_problems.is_empty());
    assert_eq!(retries(&ran), 1);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_fails_by_itself_is_not_tried_again_by_the_run_but_by_the_next() {
    let fake = world(|_| passing());
    let engine = engine(&fake);
    fake.fail_builds("python", 1, "error: no such function");
    let ran = run_on(&engine, plan(&["sqlite"; 3]), |_, _| {}).await;
    for cell in 0..3 {
        assert_eq!(
            ran.verdict(cell),
            (Some(Outcome::Infrastructure), Some(Cause::ImageFailed))
        );
    }
    assert_eq!(ran.summary.image_problems.len(), 1, "it is told once");
    let next = run_on(&engine, named("next", plan(&["sqlite"])), |_, _| {}).await;
    assert_eq!(next.summary.outcome(), Outcome::Passed);
}

#[tokio::test(start_paused = true)]
async fn what_one_run_was_refused_another_asks_for_anew() {
    let fake: Arc<Fake> = world(|_| passing());
    let engine = engine(&fake);
    fake.withhold("python", [busy(), busy(), busy(), busy(), Answer::Given]);
    let first = run_on(&engine, from_registry(&["sqlite"]), |_, _| {}).await;
    assert_eq!(first.summary.outcome(), Outcome::Infrastructure);
    let next = named("next", from_registry(&["sqlite"]));
    let next = run_on(&engine, next, |_, _| {}).await;
    assert_eq!(next.summary.outcome(), Outcome::Passed);
}
