//! Runs of many cells: what they ask of the engine at once, and that none is lost.

use std::time::Duration;

use djbuild::engine;
use djbuild::model::Outcome;
use djbuild::plan::Network;
use djbuild::runtime::Networks;

use super::world::{passing, plan, run, tree, world};

/// Requests that an engine has open at once on behalf of one process; each is a
/// file descriptor.
const AT_ONCE: usize = 64;

#[tokio::test(start_paused = true)]
async fn a_thousand_cells_on_64_databases_ask_little_at_once() {
    let fake = world(|_| passing());
    fake.set_request_time(Duration::from_millis(20));
    let databases: Vec<String> = (0..1000)
        .map(|index| format!("postgresql{}", 10 + index % 64))
        .collect();
    let databases: Vec<&str> = databases.iter().map(String::as_str).collect();
    let mut plan = plan(&databases);
    plan.pace.jobs = 4;
    for (index, cell) in plan.cells.iter_mut().enumerate() {
        cell.tree = tree(&format!("tree-{}", index / 2));
    }
    let ran = run(plan, &fake).await;
    assert_eq!(ran.summary.outcome(), Outcome::Passed);
    assert!(
        ran.summary
            .cells
            .iter()
            .all(|cell| cell.outcome == Some(Outcome::Passed))
    );
    assert!(fake.left().is_empty(), "{:?}", fake.left());
    let most = fake.most_at_once();
    assert!(most <= AT_ONCE, "{most} requests at once");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_leftovers_are_removed_a_few_at_a_time() {
    let fake = world(|_| vec![]);
    for number in 0..1000 {
        let network = Network {
            name: format!("net-{number}"),
            labels: vec![("djbuild.run".to_owned(), "dead".to_owned())],
        };
        fake.create_network(&network).await.expect("up");
    }
    fake.set_request_time(Duration::from_millis(20));
    let swept = engine::sweep(fake.as_ref(), |_| true).await.expect("up");
    assert_eq!(swept.len(), 1000);
    assert!(fake.left().is_empty());
    let most = fake.most_at_once();
    assert!(most <= AT_ONCE, "{most} requests at once");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_cells_are_all_accounted_for() {
    let fake = world(|_| passing());
    let mut databases = vec!["sqlite"; 10_000];
    for (index, database) in databases.iter_mut().enumerate() {
        *database = ["sqlite", "postgresql17", "mariadb11.8"][index % 3];
    }
    let mut plan = plan(&databases);
    plan.pace.jobs = 16;
    let ran = run(plan, &fake).await;
    assert_eq!(ran.summary.cells.len(), 10_000);
    assert!(
        ran.summary
            .cells
            .iter()
            .all(|cell| cell.outcome == Some(Outcome::Passed))
    );
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}
