use djbuild::model::Outcome;
use djbuild::plan::Sharing;

use super::world::{is_service, passing, plan, plan_of, run, world};

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
async fn a_run_without_services_has_no_network() {
    let fake = world(|_| passing());
    run(plan(&["sqlite"]), &fake).await;
    let networks = |fake: &djbuild::runtime::fake::Fake| -> Vec<Option<String>> {
        let mut networks: Vec<_> = fake.created().into_iter().map(|c| c.network).collect();
        networks.dedup();
        networks
    };
    assert_eq!(networks(&fake), [None]);
    let fake = world(|_| passing());
    run(plan(&["postgresql17"]), &fake).await;
    let run_network = Some("djbuild-test-run".to_owned());
    assert_eq!(
        networks(&fake),
        [None, run_network],
        "a tree, then a server and a cell"
    );
}
