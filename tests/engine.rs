//! What the engine decides, on a container engine in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use djbuild::engine::{self, Canceller, Emitter, cancellation};
use djbuild::event::{Envelope, Event, RunStarted, Summary};
use djbuild::model::{Cause, Cell, DatabaseKind, Outcome, RunId, SnapshotId};
use djbuild::plan::{
    BaseSource, BuildEnvironment, CellPlan, Container, Dockerfiles, EachFile, Network, Pace, Plan,
    Recipe, Service, Sharing, TreeDelta, TreeFiles,
};
use djbuild::runtime::Runtime;
use djbuild::runtime::fake::{Fake, Step};
use tokio::sync::mpsc;

struct NoFiles(SnapshotId);

impl TreeFiles for NoFiles {
    fn id(&self) -> &SnapshotId {
        &self.0
    }
    fn delta_from(&self, earlier: &SnapshotId) -> Option<TreeDelta> {
        (earlier.as_str() == "before").then(|| TreeDelta {
            changed: vec![b"edited.py".to_vec()],
            deleted: vec![],
        })
    }
    fn for_each(&self, _each: &mut EachFile<'_>) -> io::Result<()> {
        Ok(())
    }
    fn for_paths(&self, _paths: &[Vec<u8>], _each: &mut EachFile<'_>) -> io::Result<()> {
        Ok(())
    }
    fn remember(&self) {}
}

fn plan_of(databases: &[&str], tree: &str, sharing: Sharing) -> Plan {
    let files = Dockerfiles::embedded();
    let environment = BuildEnvironment::default();
    let cells = databases.iter().enumerate().map(|(index, database)| {
        let cell = Cell {
            branch: format!("branch{index}"),
            python: "3.14".parse().expect("a literal"),
            database: database.parse().expect("a literal"),
            variant: None,
        };
        CellPlan {
            image: Recipe::python(
                cell.python,
                DatabaseKind::Sqlite,
                &BTreeMap::new(),
                &environment,
                "",
                &files,
            ),
            tree: Arc::new(NoFiles(SnapshotId::new(tree))),
            database: Service::database(&cell.database, sharing, "", &files),
            caches: vec![],
            database_name: format!("django_{index}"),
            arguments: vec![],
            cell,
        }
    });
    Plan {
        run: RunId::new("test-run"),
        owner: "me".into(),
        cells: cells.collect(),
        pace: Pace {
            jobs: 2,
            cores: 2,
            parallel: None,
            cell_timeout: Duration::from_secs(3600),
            quiet_timeout: Duration::from_secs(600),
            ready_timeout: Duration::from_secs(60),
            log_limit: 1 << 20,
            memory: 1 << 30,
            fail_fast: false,
        },
        runner: files.runner(),
        environment,
        base_source: BaseSource::Auto,
    }
}

fn plan(databases: &[&str]) -> Plan {
    plan_of(databases, "tree", Sharing::Shared)
}

fn is_service(container: &Container) -> bool {
    container
        .labels
        .iter()
        .any(|(key, value)| key == "djbuild.service" && value != "tree")
}

const HELLO: &str = r#"{"event":"hello","protocol":1,"python":"3.14.0","implementation":"CPython","django":"6.1.3"}"#;
const COLLECTED: &str = r#"{"event":"collected","tests":2,"parallel":1}"#;
const STARTED: &str = r#"{"event":"started","test":"a.B.two"}"#;
const ONE_PASSED: &str = r#"{"event":"test","test":"a.B.one","outcome":"passed","seconds":0.1}"#;
const TWO_FAILED: &str = r#"{"event":"test","test":"a.B.two","outcome":"failed","seconds":0.1,"traceback":"AssertionError"}"#;

fn say(line: &str) -> Step {
    Step::Say(line.to_owned())
}

fn end(failures: u32) -> Step {
    Step::Say(format!(
        r#"{{"event":"end","tests":2,"failures":{failures},"errors":0,"skipped":0,"expected_failures":0,"unexpected_successes":0,"seconds":1}}"#
    ))
}

fn passing() -> Vec<Step> {
    vec![
        say(HELLO),
        say(COLLECTED),
        say(ONE_PASSED),
        end(0),
        Step::Exit(0),
    ]
}

/// Services live until they are stopped; cells do what `cell` says.
fn world(cell: impl Fn(&Container) -> Vec<Step> + Send + Sync + 'static) -> Arc<Fake> {
    Arc::new(Fake::new(move |container| {
        if container.name.contains("tree-") {
            vec![Step::Exit(0)]
        } else if is_service(container) {
            vec![]
        } else {
            cell(container)
        }
    }))
}

struct Ran {
    summary: Summary,
    events: Vec<Event>,
}

impl Ran {
    fn verdict(&self, cell: usize) -> (Option<Outcome>, Option<Cause>) {
        let cell = &self.summary.cells[cell];
        (cell.outcome, cell.cause)
    }

    fn detail(&self, cell: usize) -> &str {
        &self.summary.cells[cell].detail
    }
}

async fn run(plan: Plan, fake: &Arc<Fake>) -> Ran {
    run_and(plan, fake, |_, _| {}).await
}

/// Runs the plan; `on_event` sees every event and may cancel.
async fn run_and(
    plan: Plan,
    fake: &Arc<Fake>,
    mut on_event: impl FnMut(&Event, &Canceller),
) -> Ran {
    let (sender, mut receiver) = mpsc::channel::<Envelope>(64);
    let (canceller, cancel) = cancellation();
    let started = RunStarted {
        run: plan.run.clone(),
        djbuild: "0".into(),
        revisions: vec![],
        cells: plan.cells.iter().map(|cell| cell.cell.clone()).collect(),
        excluded: vec![],
        arguments: vec![],
        jobs: plan.pace.jobs,
    };
    let runtime = Arc::clone(fake);
    let engine = tokio::spawn(engine::run(
        plan,
        started,
        runtime,
        Emitter::new(sender),
        cancel,
    ));
    let mut events = Vec::new();
    let mut summary: Option<Summary> = None;
    while let Some(envelope) = receiver.recv().await {
        match &mut summary {
            None => summary = Summary::begin(&envelope),
            Some(summary) => summary.apply(&envelope.event),
        }
        on_event(&envelope.event, &canceller);
        events.push(envelope.event);
    }
    engine.await.expect("the engine does not panic");
    Ran {
        summary: summary.expect("the run began"),
        events,
    }
}

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
    let built = fake.builds().len();
    run(plan_of(&["sqlite"], "after", Sharing::Shared), &fake).await;
    assert_eq!(fake.builds().len(), built);
}

#[tokio::test(start_paused = true)]
async fn failing_tests_are_djangos_failure() {
    let fake = world(|_| {
        vec![
            say(HELLO),
            say(ONE_PASSED),
            say(TWO_FAILED),
            end(1),
            Step::Exit(1),
        ]
    });
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Failed), None));
    assert_eq!(ran.summary.cells[0].failures.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_names_the_test_in_flight() {
    let fake = world(|_| vec![say(HELLO), say(STARTED), Step::Exit(139)]);
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Errored), Some(Cause::Crashed))
    );
    assert!(ran.detail(0).contains("a.B.two"), "{}", ran.detail(0));
}

#[tokio::test(start_paused = true)]
async fn a_cell_out_of_memory_is_ours() {
    let fake = world(|_| vec![say(HELLO), say(STARTED), Step::OutOfMemory]);
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Infrastructure), Some(Cause::OutOfMemory))
    );
}

#[tokio::test(start_paused = true)]
async fn a_cell_in_which_no_test_finishes_is_hung_whatever_it_prints() {
    let fake = world(|_| {
        let mut steps = vec![say(HELLO), say(STARTED)];
        for _ in 0..200 {
            steps.extend([
                Step::Wait(Duration::from_secs(10)),
                Step::Log("still here".into()),
            ]);
        }
        steps
    });
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Infrastructure), Some(Cause::Hung))
    );
    assert!(ran.detail(0).contains("a.B.two"), "{}", ran.detail(0));
    assert!(fake.left().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_suite_that_came_to_its_end_counts_even_if_its_databases_never_go() {
    let fake = world(|_| vec![say(HELLO), say(ONE_PASSED), end(0)]);
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert!(fake.left().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cell_that_takes_too_long_is_timed_out() {
    let fake = world(|_| {
        let test = [say(ONE_PASSED), Step::Wait(Duration::from_secs(300))];
        test.iter().cycle().take(200).cloned().collect()
    });
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Infrastructure), Some(Cause::TimedOut))
    );
}

#[tokio::test(start_paused = true)]
async fn a_cell_that_floods_its_log_is_stopped() {
    let fake = world(|_| vec![say(HELLO), Step::Flood]);
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Infrastructure), Some(Cause::Flooded))
    );
    assert!(fake.left().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_named() {
    let fake = world(|_| {
        vec![
            say(HELLO),
            Step::Log("OSError: [Errno 28] No space left on device".into()),
            Step::Exit(1),
        ]
    });
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Infrastructure), Some(Cause::NoSpace))
    );
}

#[tokio::test(start_paused = true)]
async fn a_cell_killed_from_outside_is_ours_and_not_djangos() {
    let fake = world(|_| vec![say(HELLO), say(STARTED), Step::Exit(137)]);
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Infrastructure), Some(Cause::Killed))
    );
}

#[tokio::test(start_paused = true)]
async fn a_suite_that_breaks_off_says_its_last_words() {
    let fake = world(|_| {
        vec![
            Step::Log("error: unrecognized arguments: --nonsense".into()),
            Step::Exit(2),
        ]
    });
    let ran = run(plan(&["sqlite"]), &fake).await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Errored), Some(Cause::SuiteBroke))
    );
    assert!(ran.detail(0).contains("--nonsense"), "{}", ran.detail(0));
}

#[tokio::test(start_paused = true)]
async fn cells_of_a_database_that_dies_are_run_once_more_on_a_fresh_one() {
    let fake = world(|container| {
        if container.name.ends_with("-1") {
            vec![
                say(HELLO),
                say(STARTED),
                Step::Wait(Duration::from_secs(500)),
                Step::Exit(0),
            ]
        } else {
            passing()
        }
    });
    let killer = Arc::clone(&fake);
    let ran = run_and(plan(&["postgresql17"]), &fake, move |event, _| {
        if matches!(event, Event::TestStarted { .. }) {
            killer.kill("postgresql17-1");
        }
    })
    .await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert_eq!(ran.summary.cells[0].attempts, 2);
    assert!(
        ran.events
            .iter()
            .any(|e| matches!(e, Event::ServiceDied { .. }))
    );
    assert_eq!(fake.created().iter().filter(|c| is_service(c)).count(), 2);
    assert!(fake.left().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_database_that_dies_twice_is_infrastructure() {
    let fake = world(|_| vec![say(HELLO), say(STARTED)]);
    let killer = Arc::clone(&fake);
    let ran = run_and(plan(&["postgresql17"]), &fake, move |event, _| {
        if matches!(event, Event::TestStarted { .. }) {
            killer.kill("-postgresql17-");
        }
    })
    .await;
    assert_eq!(
        ran.verdict(0),
        (Some(Outcome::Infrastructure), Some(Cause::ServiceDied))
    );
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_restarts_is_waited_for_and_the_cell_run_again() {
    let fake = world(|container| {
        if container.name.ends_with("-1") {
            vec![say(HELLO), say(STARTED)]
        } else {
            passing()
        }
    });
    let breaker = Arc::clone(&fake);
    let ran = run_and(plan(&["sqlite"]), &fake, move |event, _| {
        if matches!(event, Event::TestStarted { .. }) {
            breaker.set_down(true);
            let mender = Arc::clone(&breaker);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(5)).await;
                mender.set_down(false);
            });
        }
    })
    .await;
    assert_eq!(ran.verdict(0), (Some(Outcome::Passed), None));
    assert!(fake.left().is_empty(), "{:?}", fake.left());
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
async fn fail_fast_ends_the_run_at_the_first_bad_cell() {
    let fake = world(|_| vec![say(HELLO), say(TWO_FAILED), end(1), Step::Exit(1)]);
    let mut plan = plan(&["sqlite"; 6]);
    plan.pace.jobs = 1;
    plan.pace.fail_fast = true;
    let ran = run(plan, &fake).await;
    let failed = ran
        .summary
        .cells
        .iter()
        .filter(|c| c.outcome == Some(Outcome::Failed))
        .count();
    let cancelled = ran
        .summary
        .cells
        .iter()
        .filter(|c| c.outcome == Some(Outcome::Cancelled))
        .count();
    assert_eq!((failed, cancelled), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_reports_what_finished_and_leaves_nothing() {
    let fake = world(|_| vec![say(HELLO), say(ONE_PASSED), say(STARTED)]);
    let ran = run_and(
        plan(&["postgresql17", "sqlite", "sqlite"]),
        &fake,
        |event, canceller| {
            if matches!(event, Event::TestStarted { .. }) {
                canceller.press();
            }
        },
    )
    .await;
    assert_eq!(ran.summary.outcome(), Outcome::Cancelled);
    assert!(ran.summary.totals().tests >= 1);
    assert!(
        ran.summary
            .cells
            .iter()
            .all(|c| c.outcome == Some(Outcome::Cancelled))
    );
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn a_second_interrupt_ends_the_run_at_once_and_leaves_nothing() {
    let fake = world(|_| vec![say(HELLO), say(STARTED)]);
    let ran = run_and(
        plan(&["postgresql17", "sqlite"]),
        &fake,
        |event, canceller| {
            if matches!(event, Event::TestStarted { .. }) {
                canceller.press();
                canceller.press();
            }
        },
    )
    .await;
    assert_eq!(ran.summary.outcome(), Outcome::Cancelled);
    assert!(fake.left().is_empty(), "{:?}", fake.left());
}

#[tokio::test(start_paused = true)]
async fn the_dead_are_swept_and_the_living_are_left_alone() {
    let fake = world(|_| vec![]);
    for run in ["dead", "live"] {
        let labels = vec![("djbuild.run".to_owned(), run.to_owned())];
        let name = format!("net-{run}");
        fake.create_network(&Network { name, labels })
            .await
            .expect("up");
    }
    let other = Network {
        name: "unlabelled".into(),
        labels: vec![],
    };
    fake.create_network(&other).await.expect("up");
    let swept = engine::sweep(fake.as_ref(), |left| left.run == RunId::new("dead"))
        .await
        .expect("up");
    assert_eq!(swept.len(), 1);
    assert_eq!(fake.left(), ["net-live", "unlabelled"]);
}
