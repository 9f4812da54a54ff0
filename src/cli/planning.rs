use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::args::{BaseWord, IsolationWord, RunOptions};
use super::asked::Asked;
use super::error::CliError;
use super::host::{self, Folders};
use super::tree::SnapshotTree;
use crate::event::RunStarted;
use crate::model::{Cell, DatabaseKind, RunId};
use crate::plan::{
    BaseSource, CellPlan, Pace, Plan, Recipe, Service, Sharing, TreeFiles, jobs_for,
};
use crate::runtime::Capabilities;
use crate::source::{Shelf, Snapshot, Tree};
use crate::spec::{Isolation, Spec, VariantChange};
use crate::store::Estimates;

const GIB: u64 = 1 << 30;
/// How long a database may take to answer; MySQL's first start is the slowest.
const READY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(120);

/// Turns what was asked for into a plan, and into the event that begins it.
pub fn plan(
    options: &RunOptions,
    asked: &Asked,
    snapshots: &[Arc<Snapshot>],
    folders: &Folders,
    run: &RunId,
    engine: &Capabilities,
) -> Result<(Plan, RunStarted), CliError> {
    let files = host::dockerfiles(&options.images)?;
    let environment = host::build_environment(&options.images)?;
    let prefix = &options.images.registry;
    let arguments = arguments(options);
    let shelf = Shelf::new(folders.cache.join("trees"));
    let mut trees: HashMap<&str, Arc<dyn TreeFiles>> = HashMap::new();
    for snapshot in snapshots {
        let tree = SnapshotTree::new(Arc::clone(snapshot), shelf.clone());
        trees.insert(&snapshot.revision.branch, Arc::new(tree));
    }
    let isolated = match options.pace.isolation {
        Some(IsolationWord::Cell) => true,
        Some(IsolationWord::Run) => false,
        None => asked.spec.isolation == Isolation::Cell,
    };
    let sharing = if isolated {
        Sharing::Once
    } else {
        Sharing::Shared
    };
    let caches = if CellPlan::wants_caches(&options.labels) {
        Service::caches(prefix, &files)
    } else {
        Vec::new()
    };

    let mut cells = Vec::new();
    for (index, cell) in asked.matrix.cells.iter().enumerate() {
        let (Some(snapshot), Some(tree)) = (
            snapshots
                .iter()
                .find(|s| *s.revision.branch == *cell.branch),
            trees.get(&*cell.branch),
        ) else {
            continue;
        };
        let requirements = requirements(snapshot, cell.database.kind)?;
        let kind = client_kind(cell.database.kind);
        cells.push(CellPlan {
            cell: cell.clone(),
            image: Recipe::python(
                cell.python,
                kind,
                &requirements,
                &environment,
                prefix,
                &files,
            ),
            tree: Arc::clone(tree),
            database: Service::database(&cell.database, sharing, prefix, &files),
            caches: caches.clone(),
            database_name: format!("django_{}", index + 1),
            arguments: arguments.clone(),
            change: change(cell, &asked.spec),
        });
    }
    longest_first(&mut cells, &estimates(options, folders)());

    let pace = pace(options, engine, cells.len());
    let started = RunStarted {
        run: run.clone(),
        djbuild: env!("CARGO_PKG_VERSION").to_owned(),
        revisions: snapshots.iter().map(|s| s.revision.clone()).collect(),
        cells: asked.matrix.cells.clone(),
        excluded: asked
            .matrix
            .excluded
            .iter()
            .map(|excluded| (excluded.cell.clone(), excluded.reason.to_string()))
            .collect(),
        arguments,
        flags: options.arguments.clone(),
        matrix: asked.spec.name.clone(),
        jobs: pace.jobs,
    };
    let plan = Plan {
        run: run.clone(),
        owner: folders.state.owner()?,
        cells,
        pace,
        runner: files.runner(),
        environment,
        base_source: match options.images.base {
            BaseWord::Auto => BaseSource::Auto,
            BaseWord::Registry => BaseSource::Registry,
            BaseWord::Debian => BaseSource::Debian,
        },
    };
    Ok((plan, started))
}

/// What a cell's variant changes.
fn change(cell: &Cell, spec: &Spec) -> VariantChange {
    let variant = spec.variant(cell.variant.as_deref());
    variant
        .map(|variant| variant.change.clone())
        .unwrap_or_default()
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
) -> Result<BTreeMap<String, Vec<u8>>, CliError> {
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
pub fn estimates(options: &RunOptions, folders: &Folders) -> impl Fn() -> Estimates + Send + use<> {
    let (state, arguments) = (folders.state.clone(), arguments(options));
    move || Estimates::of(&state, arguments.clone())
}

fn arguments(options: &RunOptions) -> Vec<String> {
    let labels = options.labels.iter();
    labels.chain(&options.arguments).cloned().collect()
}

/// The longest cells first, so that the last ones to end are short.
fn longest_first(cells: &mut [CellPlan], estimates: &Estimates) {
    let expected: HashMap<Cell, f64> = cells
        .iter()
        .map(|plan| (plan.cell.clone(), estimates.seconds(&plan.cell)))
        .collect();
    cells.sort_by(|a, b| expected[&b.cell].total_cmp(&expected[&a.cell]));
}

fn pace(options: &RunOptions, engine: &Capabilities, cells: usize) -> Pace {
    let cores = engine.cores.max(1);
    let cells = u32::try_from(cells).unwrap_or(u32::MAX).max(1);
    let jobs = options
        .select
        .jobs
        .unwrap_or_else(|| jobs_for(cores, engine.memory))
        .min(cells);
    let memory = options.pace.memory.map_or_else(
        || (engine.memory / u64::from(jobs)).clamp(GIB, 8 * GIB),
        |mib| mib << 20,
    );
    Pace {
        jobs,
        cores,
        parallel: options.pace.parallel,
        cell_timeout: options.pace.timeout,
        quiet_timeout: options.pace.quiet_timeout,
        ready_timeout: READY_TIMEOUT,
        log_limit: options.pace.log_limit << 20,
        memory,
        fail_fast: options.pace.fail_fast && !options.pace.keep_going,
    }
}
