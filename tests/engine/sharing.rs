use std::sync::Arc;
use std::time::Duration;

use djbuild::model::Outcome;
use djbuild::plan::{Container, Sharing};

use super::world::{STARTED, Step, is_service, passing, plan, plan_of, run, say, world};

#[tokio::test(start_paused = true)]
async fn cells_that_pass_leave_nothing_behind() {
    let fake = world(|_| passing());
    let ran = run(plan(&["sqlite", "postgresql17", "postgresql17"]), &fake).await;
    assert_eq!(ran.summary.outcome(), Outcome::Passed);
    assert_eq!(ran.summary.totals().tests, 6);
    assert_eq!(fake.left(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn cells_of_one_database_share_its_container_under_distinct_names() {
    let fake = world(|_| passing());
    run(
        plan(&["postgresql17", "postgresql17", "postgresql17"]),
        &fake,
    )
    .await;
    let created = fake.created();
    assert_eq!(created.iter().filter(|c| is_service(c)).count(), 1);
    let mut cells: Vec<_> = created
        .iter()
        .filter(|c| c.environment.contains_key("DJBUILD_CELL"))
        .map(|c| &c.environment["DJBUILD_CELL"])
        .collect();
    cells.sort();
    cells.dedup();
    assert_eq!(cells.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn isolated_cells_have_a_database_container_each() {
    let fake = world(|_| passing());
    run(
        plan_of(&["postgresql17", "postgresql17"], "tree", Sharing::Once),
        &fake,
    )
    .await;
    assert_eq!(fake.created().iter().filter(|c| is_service(c)).count(), 2);
    assert!(fake.left().is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_container_and_network_is_labelled_from_its_creation_on() {
    let fake = world(|_| passing());
    run(plan(&["postgresql17"]), &fake).await;
    for container in fake.created() {
        let label = |key: &str| container.labels.iter().any(|(k, _)| k == key);
        assert!(
            label("djbuild.run") && label("djbuild.owner"),
            "{container:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_without_services_makes_no_network_and_one_with_them_makes_one() {
    let fake = world(|_| passing());
    run(plan(&["sqlite", "sqlite"]), &fake).await;
    assert_eq!(fake.networks_created(), []);
    let fake = world(|_| passing());
    run(plan(&["postgresql17", "mariadb11.8", "sqlite"]), &fake).await;
    let networks = fake.networks_created();
    assert_eq!(networks.len(), 1);
    let on_it = |container: &&Container| container.network.as_ref() == Some(&networks[0].name);
    assert_eq!(fake.created().iter().filter(on_it).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_goes_on_gives_one_sign_of_life_that_says_when() {
    let fake = world(|_| {
        let mut steps = vec![say(STARTED), Step::Wait(Duration::from_secs(200))];
        steps.extend(passing());
        steps
    });
    let engine = Arc::clone(&fake);
    let looking = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(150)).await;
        djbuild::engine::leftovers(engine.as_ref()).await
    });
    run(plan(&["sqlite"]), &fake).await;
    let all = looking.await.expect("no panic").expect("up");
    let beats: Vec<_> = all.iter().filter(|left| left.beat.is_some()).collect();
    assert_eq!(beats.len(), 1, "{all:?}");
    assert!(beats[0].beat > Some(1_700_000_000), "{beats:?}");
    assert!(fake.left().is_empty());
}
