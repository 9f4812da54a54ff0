use std::sync::Arc;
use std::time::Duration;

use djbuild::event::Event;
use djbuild::model::{Cause, Outcome};
use djbuild::plan::Sharing;

use super::world::{STARTED, Step, passing, plan, plan_of, run, run_and, say, world};

#[tokio::test(start_paused = true)]
async fn a_second_unchanged_run_builds_nothing() {
    let fake = world(|_| passing());
    run(plan(&["sqlite", "postgresql17"]), &fake).await;
    let first = fake.builds().len();
    let ran = run(plan(&["sqlite", "postgresql17"]), &fake).await;
    assert_eq!(fake.builds().len(), first);
    assert_eq!(ran.summary.images_built, 0);
}

#[tokio::test(start_paused = true)]
async fn cells_that_share_an_image_build_it_once() {
    let fake = world(|_| passing());
    run(plan(&["sqlite", "sqlite", "sqlite"]), &fake).await;
    assert_eq!(fake.builds().len(), 2, "{:?}", fake.builds());
}

#[tokio::test(start_paused = true)]
async fn an_edit_on_a_known_tree_is_sent_as_a_delta() {
    let fake = world(|_| passing());
    run(plan_of(&["sqlite"], "before", Sharing::Shared), &fake).await;
    let (built, uploads) = (fake.builds().len(), fake.uploads());
    run(plan_of(&["sqlite"], "after", Sharing::Shared), &fake).await;
    assert_eq!(fake.builds().len(), built);
    assert_eq!(fake.uploads(), uploads + 1);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_fails_is_told_with_its_step_and_other_cells_run() {
    let fake = world(|_| passing());
    fake.fail_builds_of("postgresql17");
    let ran = run(plan(&["postgresql17", "sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Infrastructure), Some(Cause::ImageFailed))
    );
    assert_eq!(ran.verdict(1), (Some(Outcome::Passed), None));
    assert_eq!(
        ran.summary.image_problems[0].step,
        "Step 1/1 : RUN everything"
    );
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_another_run_took_away_is_made_again() {
    let fake = world(|_| {
        let mut steps = vec![say(STARTED), Step::Wait(Duration::from_secs(1))];
        steps.extend(passing());
        steps
    });
    let mut plan = plan(&["sqlite", "sqlite"]);
    plan.pace.jobs = 1;
    let other = Arc::clone(&fake);
    let mut taken = false;
    let ran = run_and(plan, &fake, move |event, _| {
        if matches!(event, Event::TestStarted { .. }) && !taken {
            taken = true;
            other.lose_image("/tree-");
        }
    })
    .await;
    assert_eq!(ran.verdict(1), (Some(Outcome::Passed), None));
    assert_eq!(ran.summary.cells[1].attempts, 1, "it is no attempt");
    assert!(fake.images().iter().any(|tag| tag.contains("/tree-")));
}

#[tokio::test(start_paused = true)]
async fn old_layers_go_after_a_run_but_none_that_it_started_on() {
    let fake = world(|_| passing());
    let layers = |fake: &super::world::Fake| {
        let tags = fake.images();
        tags.iter().filter(|tag| tag.contains("/tree-")).count()
    };
    for number in 0..8 {
        let tree = format!("tree-{number}");
        run(plan_of(&["sqlite"], &tree, Sharing::Shared), &fake).await;
    }
    assert_eq!(layers(&fake), 6);
    let trees: Vec<String> = (0..9).map(|number| format!("branch-{number}")).collect();
    let mut many = plan_of(&["sqlite"; 9], "", Sharing::Shared);
    for (cell, tree) in many.cells.iter_mut().zip(&trees) {
        cell.tree = plan_of(&["sqlite"], tree, Sharing::Shared).cells[0]
            .tree
            .clone();
    }
    run(many, &fake).await;
    assert_eq!(layers(&fake), 9);
}
