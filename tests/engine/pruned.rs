//! Images that somebody removes while an engine is in use for months.

use std::sync::Arc;
use std::time::Duration;

use djbuild::event::Event;
use djbuild::model::Outcome;
use djbuild::plan::Sharing;

use super::world::{
    Answer, STARTED, Step, engine, named, passing, plan, plan_of, run_and, run_on, say, tree, world,
};

#[tokio::test(start_paused = true)]
async fn a_services_image_that_is_gone_is_made_again_and_is_no_attempt() {
    let fake = world(|_| {
        let mut steps = vec![say(STARTED), Step::Wait(Duration::from_secs(1))];
        steps.extend(passing());
        steps
    });
    let mut plan = plan_of(&["postgresql17"; 3], "tree", Sharing::Once);
    plan.pace.jobs = 1;
    let other = Arc::clone(&fake);
    let ran = run_and(plan, &fake, move |event, _| {
        if matches!(event, Event::TestStarted { .. }) {
            other.lose_image("djbuild/postgresql17");
        }
    })
    .await;
    assert_eq!(ran.summary.outcome(), Outcome::Passed);
    assert!(ran.summary.cells.iter().all(|cell| cell.attempts == 1));
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn whatever_was_pruned_between_two_runs_of_a_process_is_made_again() {
    for lost in [
        vec!["djbuild/python"],
        vec!["djbuild/tree-"],
        vec!["djbuild/python", "djbuild/tree-"],
        vec!["djbuild/postgresql17"],
        vec!["djbuild/"],
    ] {
        for is_new in [false, true] {
            let fake = world(|_| passing());
            let engine = engine(&fake);
            let databases = ["postgresql17", "sqlite", "sqlite"];
            run_on(&engine, plan(&databases), |_, _| {}).await;
            for part in &lost {
                fake.lose_image(part);
            }
            let mut next = named("next", plan(&databases));
            if is_new {
                for cell in &mut next.cells {
                    cell.tree = tree("new");
                }
            }
            let ran = run_on(&engine, next, |_, _| {}).await;
            assert_eq!(
                ran.summary.outcome(),
                Outcome::Passed,
                "{lost:?} {is_new}: {}",
                ran.detail(0)
            );
            assert!(ran.summary.cells.iter().all(|cell| cell.attempts == 1));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_base_that_was_pruned_is_pulled_again() {
    let fake = world(|_| passing());
    let engine = engine(&fake);
    run_on(&engine, plan(&["postgresql17"]), |_, _| {}).await;
    for part in ["python", "postgres"] {
        fake.withhold(part, [Answer::Given]);
        fake.lose_image(&format!("djbuild/{part}"));
    }
    fake.lose_image("djbuild/tree-");
    let ran = run_on(&engine, named("next", plan(&["postgresql17"])), |_, _| {}).await;
    assert_eq!(ran.summary.outcome(), Outcome::Passed, "{}", ran.detail(0));
}
