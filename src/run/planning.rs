use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::tree::SnapshotTree;
use super::{Asked, Home, Pacing, Request, RunError};
use crate::event::RunStarted;
use crate::host;
use crate::model::{Cell, DatabaseKind, DatabaseSpec, PythonSpec, RunId};
use crate::plan::{
    Author, BuildEnvironment, CellPlan, Dockerfiles, Owner, Pace, Plan, Recipe, Service, Sharing,
    TreeFiles, jobs_for,
};
use crate::runtime::Capabilities;
use crate::source::{Shelf, Snapshot, Tree};
use crate::spec::{Isolation, VariantChange};
use crate::store::{Estimates, Here};

const GIB: u64 = 1 << 30;
/// How long a database may take to answer; MySQL's first start is the slowest.
const READY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(120);

/// Turns what was asked for into a plan, and into the event that begins it.
pub fn plan(
    request: &Request,
    asked: &Asked,
    snapshots: &[Arc<Snapshot>],
    home: &Home,
    run: &RunId,
    engine: &Capabilities,
) -> Result<(Plan, RunStarted), RunError> {
    let files = host::dockerfiles(request.images.dockerfiles.as_deref())?;
    let environment = host::build_environment(&request.images.debian_mirror)?;
    let mut cells = Parts::new(request, asked, snapshots, home, &files, &environment).cells()?;
    longest_first(&mut cells, &estimates(request, home)());

    let pace = pace(request, engine, cells.len());
    let excluded = asked.matrix.excluded.iter();
    let started = RunStarted {
        run: run.clone(),
        djbuild: env!("CARGO_PKG_VERSION").to_owned(),
        revisions: snapshots.iter().map(|s| s.revision.clone()).collect(),
        cells: asked.matrix.cells.clone(),
        excluded: excluded
            .map(|excluded| (excluded.cell.clone(), excluded.reason.to_string()))
            .collect(),
        arguments: request.arguments(),
        flags: request.flags.clone(),
        matrix: asked.spec.name.clone(),
        jobs: pace.jobs,
        scheduler: request.by.as_ref().map(|by| by.scheduler.clone()),
        cause: request.by.as_ref().map(|by| by.cause.clone()),
    };
    let plan = Plan {
        run: run.clone(),
        owner: owner(home)?,
        cells,
        pace,
        priority: request.priority,
        runner: files.runner(),
        environment,
        base_source: request.images.base,
    };
    Ok((plan, started))
}

/// Who starts the run, as its containers are labelled.
fn owner(home: &Home) -> Result<Owner, RunError> {
    let Here { owner, host, boot } = home.state.here()?;
    Ok(Owner {
        installation: owner,
        host,
        boot,
    })
}

/// What the cells of a run have in common, each made once however many want it.
struct Parts<'a> {
    asked: &'a Asked,
    files: &'a Dockerfiles,
    environment: &'a BuildEnvironment,
    prefix: &'a str,
    trusts_pull_requests: bool,
    sharing: Sharing,
    arguments: Arc<[String]>,
    caches: Arc<[Arc<Service>]>,
    trees: HashMap<&'a str, (&'a Arc<Snapshot>, Arc<dyn TreeFiles>)>,
    images: HashMap<(&'a str, PythonSpec, DatabaseKind), Arc<Recipe>>,
    requirements: HashMap<(&'a str, DatabaseKind), BTreeMap<String, Vec<u8>>>,
    databases: HashMap<&'a DatabaseSpec, Option<Arc<Service>>>,
    changes: HashMap<Option<&'a str>, Arc<VariantChange>>,
}

impl<'a> Parts<'a> {
    fn new(
        request: &'a Request,
        asked: &'a Asked,
        snapshots: &'a [Arc<Snapshot>],
        home: &Home,
        files: &'a Dockerfiles,
        environment: &'a BuildEnvironment,
    ) -> Self {
        let shelf = Shelf::new(home.cache.join("trees"));
        let tree = |snapshot: &'a Arc<Snapshot>| {
            let files = SnapshotTree::new(Arc::clone(snapshot), shelf.clone());
            let files: Arc<dyn TreeFiles> = Arc::new(files);
            (snapshot.revision.branch.as_str(), (snapshot, files))
        };
        let prefix = request.images.registry.as_str();
        let isolation = request.pace.isolation.unwrap_or(asked.spec.isolation);
        let caches: Vec<Service> = if CellPlan::wants_caches(&request.labels) {
            Service::caches(prefix, files)
        } else {
            Vec::new()
        };
        Self {
            asked,
            files,
            environment,
            prefix,
            trusts_pull_requests: request.images.trust_pull_requests,
            sharing: match isolation {
                Isolation::Cell => Sharing::Once,
                Isolation::Run => Sharing::Shared,
            },
            arguments: request.arguments().into(),
            caches: caches.into_iter().map(Arc::new).collect(),
            trees: snapshots.iter().map(tree).collect(),
            images: HashMap::new(),
            requirements: HashMap::new(),
            databases: HashMap::new(),
            changes: HashMap::new(),
        }
    }

    fn cells(mut self) -> Result<Vec<CellPlan>, RunError> {
        let mut cells = Vec::with_capacity(self.asked.matrix.cells.len());
        for (index, cell) in self.asked.matrix.cells.iter().enumerate() {
            let Some((snapshot, tree)) = self.trees.get(&*cell.branch) else {
                continue;
            };
            let (snapshot, tree) = (*snapshot, Arc::clone(tree));
            cells.push(CellPlan {
                image: self.image(cell, snapshot)?,
                tree,
                database: self.database(&cell.database),
                caches: Arc::clone(&self.caches),
                database_name: format!("django_{}", index + 1),
                arguments: Arc::clone(&self.arguments),
                change: self.change(cell),
                cell: cell.clone(),
            });
        }
        Ok(cells)
    }

    fn image(&mut self, cell: &'a Cell, snapshot: &Snapshot) -> Result<Arc<Recipe>, RunError> {
        let client = client_kind(cell.database.kind);
        let key = (&*cell.branch, cell.python, client);
        if let Some(known) = self.images.get(&key) {
            return Ok(Arc::clone(known));
        }
        let requirements = match self.requirements.entry((&*cell.branch, client)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(requirements(snapshot, client)?),
        };
        let recipe = Recipe::python(
            cell.python,
            client,
            requirements,
            self.environment,
            self.prefix,
            self.files,
        );
        let name = snapshot.revision.named.as_ref();
        let name = name.unwrap_or(&snapshot.revision.branch);
        let is_trusted = self.trusts_pull_requests || !name.starts_with("pull/");
        let recipe = Arc::new(recipe.by(if is_trusted {
            Author::Known
        } else {
            Author::Anybody
        }));
        self.images.insert(key, Arc::clone(&recipe));
        Ok(recipe)
    }

    fn database(&mut self, database: &'a DatabaseSpec) -> Option<Arc<Service>> {
        let (sharing, prefix, files) = (self.sharing, self.prefix, self.files);
        let made = self
            .databases
            .entry(database)
            .or_insert_with(|| Service::database(database, sharing, prefix, files).map(Arc::new));
        made.clone()
    }

    /// What a cell's variant changes.
    fn change(&mut self, cell: &'a Cell) -> Arc<VariantChange> {
        let name = cell.variant.as_deref();
        let spec = &self.asked.spec;
        let made = self.changes.entry(name).or_insert_with(|| {
            let variant = spec.variant(name);
            Arc::new(
                variant
                    .map(|variant| variant.change.clone())
                    .unwrap_or_default(),
            )
        });
        Arc::clone(made)
    }
}

/// One client serves both: a MySQL and a MariaDB cell share a test image.
const fn client_kind(kind: DatabaseKind) -> DatabaseKind {
    match kind {
        DatabaseKind::Mariadb => DatabaseKind::Mysql,
        DatabaseKind::Postgis => DatabaseKind::Postgresql,
        other => other,
    }
}

/// The branch's own requirements for a database.
fn requirements(
    snapshot: &Snapshot,
    kind: DatabaseKind,
) -> Result<BTreeMap<String, Vec<u8>>, RunError> {
    let of_database = match kind {
        DatabaseKind::Sqlite => None,
        DatabaseKind::Postgresql | DatabaseKind::Postgis => Some("postgres.txt"),
        DatabaseKind::Mariadb | DatabaseKind::Mysql => Some("mysql.txt"),
        DatabaseKind::Oracle => Some("oracle.txt"),
    };
    let mut found = BTreeMap::new();
    for name in ["py3.txt"].into_iter().chain(of_database) {
        if let Some(content) = snapshot.read(&format!("tests/requirements/{name}"))? {
            found.insert(name.to_owned(), content);
        }
    }
    Ok(found)
}

/// How long cells take with these labels and flags.
pub fn estimates(request: &Request, home: &Home) -> impl Fn() -> Estimates + Send + use<> {
    let (state, arguments) = (home.state.clone(), request.arguments());
    move || Estimates::of(&state, &arguments)
}

/// The longest cells first, so that the last ones to end are short.
fn longest_first(cells: &mut [CellPlan], estimates: &Estimates) {
    cells.sort_by_cached_key(|plan| {
        // In whole milliseconds: what takes that much longer goes first.
        let seconds = std::time::Duration::try_from_secs_f64(estimates.seconds(&plan.cell));
        std::cmp::Reverse(seconds.unwrap_or_default().as_millis())
    });
}

fn pace(request: &Request, engine: &Capabilities, cells: usize) -> Pace {
    let Pacing {
        parallel,
        fail_fast,
        cell_timeout,
        quiet_timeout,
        engine_timeout,
        memory,
        log_limit,
        no_tests,
        isolation: _,
    } = request.pace;
    let cores = engine.cores.max(1);
    let cells = u32::try_from(cells).unwrap_or(u32::MAX).max(1);
    let wanted = request.scope.jobs;
    let jobs = wanted
        .unwrap_or_else(|| jobs_for(cores, engine.memory))
        .min(cells);
    let share = (engine.memory / u64::from(jobs)).clamp(GIB, 8 * GIB);
    Pace {
        jobs,
        cores,
        parallel,
        cell_timeout,
        quiet_timeout,
        engine_timeout,
        ready_timeout: READY_TIMEOUT,
        log_limit,
        memory: memory.unwrap_or(share),
        fail_fast,
        no_tests,
    }
}
