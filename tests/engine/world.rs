use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use djbuild::engine::{Canceller, Engine, cancellation};
use djbuild::event::{Event, RunStarted, Summary};
use djbuild::journal::{Emitter, Journal};
use djbuild::model::{Cause, Cell, DatabaseKind, Outcome, RunId, SnapshotId};
use djbuild::plan::{
    BaseSource, BuildEnvironment, CellPlan, Container, DebianBase, Dockerfiles, EachFile, NoTests,
    Owner, Pace, Plan, Recipe, Service, Sharing, TreeDelta, TreeFiles,
};
use djbuild::runtime::{Bootstrap, BootstrapError, Bootstrapping};

pub use fake::{Answer, Fake, Step};

#[path = "fake/mod.rs"]
mod fake;

const PYTHON: &str = "3.14";

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

pub fn plan_of(databases: &[&str], tree: &str, sharing: Sharing) -> Plan {
    let files = Dockerfiles::embedded();
    let environment = BuildEnvironment::default();
    let image = Arc::new(Recipe::python(
        PYTHON.parse().expect("a literal"),
        DatabaseKind::Sqlite,
        &BTreeMap::new(),
        &environment,
        "",
        &files,
    ));
    let tree: Arc<dyn TreeFiles> = Arc::new(NoFiles(SnapshotId::new(tree)));
    let mut services: BTreeMap<&str, Option<Arc<Service>>> = BTreeMap::new();
    let cells = databases.iter().enumerate().map(|(index, database)| {
        let cell = Cell {
            branch: format!("branch{index}").into(),
            python: PYTHON.parse().expect("a literal"),
            database: database.parse().expect("a literal"),
            variant: None,
        };
        let service = services.entry(database).or_insert_with(|| {
            Service::database(&cell.database, sharing, "", &files).map(Arc::new)
        });
        CellPlan {
            image: Arc::clone(&image),
            tree: Arc::clone(&tree),
            database: service.clone(),
            caches: Arc::new([]),
            database_name: format!("django_{index}"),
            arguments: Arc::new([]),
            change: Arc::default(),
            cell,
        }
    });
    let cells = cells.collect();
    Plan {
        run: RunId::new("test-run"),
        owner: Owner {
            installation: "me".into(),
            ..Owner::default()
        },
        cells,
        pace: Pace {
            jobs: 2,
            cores: 2,
            parallel: None,
            cell_timeout: Duration::from_secs(3600),
            quiet_timeout: Duration::from_secs(600),
            engine_timeout: Duration::from_secs(600),
            ready_timeout: Duration::from_secs(60),
            log_limit: 1 << 20,
            memory: 1 << 30,
            fail_fast: false,
            no_tests: NoTests::Fail,
        },
        priority: 0,
        runner: files.runner(),
        environment,
        base_source: BaseSource::Auto,
    }
}

pub fn plan(databases: &[&str]) -> Plan {
    plan_of(databases, "tree", Sharing::Shared)
}

/// The same plan, for another run.
pub fn named(run: &str, mut plan: Plan) -> Plan {
    plan.run = RunId::new(run);
    plan
}

/// A tree without files that is like no other.
pub fn tree(name: &str) -> Arc<dyn TreeFiles> {
    Arc::new(NoFiles(SnapshotId::new(name)))
}

pub fn is_cell(container: &Container) -> bool {
    container.environment.contains_key("DJBUILD_CELL")
}

pub fn is_service(container: &Container) -> bool {
    container
        .labels
        .iter()
        .any(|(key, value)| key == "djbuild.service" && value != "tree")
}

pub const HELLO: &str = r#"{"event":"hello","protocol":1,"python":"3.14.0","implementation":"CPython","django":"6.1.3"}"#;
pub const COLLECTED: &str = r#"{"event":"collected","tests":2,"parallel":1}"#;
pub const STARTED: &str = r#"{"event":"started","test":"a.B.two"}"#;
pub const ONE_PASSED: &str =
    r#"{"event":"test","test":"a.B.one","outcome":"passed","seconds":0.1}"#;
pub const TWO_FAILED: &str = r#"{"event":"test","test":"a.B.two","outcome":"failed","seconds":0.1,"traceback":"AssertionError"}"#;

pub fn say(line: &str) -> Step {
    Step::Say(line.to_owned())
}

pub fn end(failures: u32) -> Step {
    Step::Say(format!(
        r#"{{"event":"end","tests":2,"failures":{failures},"errors":0,"skipped":0,"expected_failures":0,"unexpected_successes":0,"seconds":1}}"#
    ))
}

pub fn passing() -> Vec<Step> {
    vec![
        say(HELLO),
        say(COLLECTED),
        say(ONE_PASSED),
        end(0),
        Step::Exit(0),
    ]
}

/// Services live until they are stopped; cells do what `cell` says.
pub fn world(cell: impl Fn(&Container) -> Vec<Step> + Send + Sync + 'static) -> Arc<Fake> {
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

pub struct Ran {
    pub summary: Summary,
    pub events: Vec<Event>,
}

impl Ran {
    pub fn verdict(&self, cell: usize) -> (Option<Outcome>, Option<Cause>) {
        let cell = &self.summary.cells[cell];
        (cell.outcome, cell.cause)
    }

    /// The tests that had an outcome, as they were told.
    pub fn tests(&self) -> Vec<&str> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::TestFinished { result, .. } => Some(result.test.as_str()),
                _ => None,
            })
            .collect()
    }

    pub fn detail(&self, cell: usize) -> &str {
        &self.summary.cells[cell].detail
    }
}

pub async fn run(plan: Plan, fake: &Arc<Fake>) -> Ran {
    run_and(plan, fake, |_, _| {}).await
}

/// Runs the plan; `on_event` sees every event and may cancel.
pub async fn run_and(
    plan: Plan,
    fake: &Arc<Fake>,
    on_event: impl FnMut(&Event, &Canceller),
) -> Ran {
    run_on(&engine(fake), plan, on_event).await
}

/// A handle on an engine in memory, which has no Debian.
pub fn engine(fake: &Arc<Fake>) -> Arc<Engine> {
    let runtime = Arc::clone(fake);
    Engine::new(runtime, Arc::new(NoDebian))
}

struct NoDebian;

#[async_trait::async_trait]
impl Bootstrap for NoDebian {
    async fn begin(&self, _base: &DebianBase) -> Result<Bootstrapping, BootstrapError> {
        Err(BootstrapError::NotInstalled)
    }
}

/// Runs the plan on an engine that others may use too.
pub async fn run_on(
    engine: &Arc<Engine>,
    plan: Plan,
    on_event: impl FnMut(&Event, &Canceller),
) -> Ran {
    run_in(&Journal::new(), engine, plan, on_event).await
}

/// Runs the plan, and writes into this journal.
pub async fn run_in(
    journal: &Arc<Journal>,
    engine: &Arc<Engine>,
    plan: Plan,
    mut on_event: impl FnMut(&Event, &Canceller),
) -> Ran {
    let follower = journal.follow(0);
    let emit = Emitter::new(Arc::clone(journal));
    let (canceller, cancel) = cancellation();
    emit.emit(begins(&plan));
    let engine = Arc::clone(engine);
    let running = tokio::spawn(async move { engine.run(plan, &emit, &cancel).await });
    let mut events = Vec::new();
    loop {
        let batch = follower.next().await;
        assert_eq!(batch.missed, 0);
        for envelope in &batch.events {
            on_event(&envelope.event, &canceller);
            events.push(envelope.event.clone());
        }
        if batch.is_last {
            break;
        }
    }
    running.await.expect("the engine does not panic");
    Ran {
        summary: journal.summary().expect("the run began"),
        events,
    }
}

/// The event with which a run of this plan begins.
pub fn begins(plan: &Plan) -> Event {
    Event::RunStarted(Box::new(RunStarted {
        run: plan.run.clone(),
        djbuild: "0".into(),
        revisions: vec![],
        cells: plan.cells.iter().map(|cell| cell.cell.clone()).collect(),
        excluded: vec![],
        arguments: vec![],
        flags: vec![],
        matrix: "quick".into(),
        jobs: plan.pace.jobs,
        scheduler: None,
        cause: None,
    }))
}
