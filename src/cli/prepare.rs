use super::args::RunOptions;
use super::asked::{Asked, ask};
use super::error::CliError;
use super::host::{self, Folders};
use super::screen::fetching;
use super::sinks::warn;
use super::{clean, labels, planning, sources};
use crate::event::RunStarted;
use crate::model::RunId;
use crate::plan::Plan;
use crate::runtime::Runtime;
use crate::runtime::docker::Docker;
use crate::store::RunLock;

/// A run that could begin: what to do, and what to do it on.
pub struct Prepared {
    pub run: RunId,
    /// Held while the run lives, so that nobody cleans up after it.
    pub lock: RunLock,
    pub plan: Plan,
    pub started: RunStarted,
    pub docker: Docker,
    /// How much of dead runs was removed on the way.
    pub removed: usize,
}

impl Prepared {
    /// Looks for an engine while the sources are read, which may reach the network.
    pub async fn new(options: &RunOptions, folders: &Folders) -> Result<Self, CliError> {
        let (select, cache) = (options.select.clone(), folders.cache.clone());
        let asked_for = options.labels.clone();
        let shown = fetching(Some(&options.output));
        let estimates = planning::estimates(options, folders);
        let asking = tokio::task::spawn_blocking(move || {
            let asked = something_to_run(ask(&select, &cache, &shown, &estimates)?)?;
            let tested = asked.candidates.iter().filter(|candidate| {
                let mut cells = asked.matrix.cells.iter();
                cells.any(|cell| *cell.branch == *candidate.branch)
            });
            let snapshots = sources::snapshots(tested)?;
            labels::check(&asked_for, &snapshots)?;
            Ok::<_, CliError>((asked, snapshots))
        });
        let engine = engine(folders).await;
        // A mistake of the user's is told before an engine that is away.
        let (asked, snapshots) = asking.await.map_err(|_| CliError::Bug)??;
        let (docker, removed) = engine?;
        for idle in &asked.matrix.idle {
            warn(&idle.to_string());
        }
        let run = new_run_id();
        let lock = folders.state.begin(&run)?;
        let (plan, started) = planning::plan(
            options,
            &asked,
            &snapshots,
            folders,
            &run,
            docker.capabilities(),
        )?;
        Ok(Self {
            run,
            lock,
            plan,
            started,
            docker,
            removed,
        })
    }
}

/// The engine, without what dead runs left on it, and how much that was.
async fn engine(folders: &Folders) -> Result<(Docker, usize), CliError> {
    let docker = host::engine().await?;
    let removed = clean::sweep_dead(&docker, &folders.state)
        .await
        .unwrap_or_else(|error| {
            warn(&format!(
                "not all that dead runs left could be removed: {error}"
            ));
            0
        });
    Ok((docker, removed))
}

fn something_to_run(asked: Asked) -> Result<Asked, CliError> {
    if asked.matrix.cells.is_empty() {
        let mut message = "nothing to run: ".to_owned();
        message.push_str(match asked.matrix.excluded.len() {
            0 => "the filters leave no cell of the matrix",
            _ => "every cell is left out",
        });
        for excluded in asked.matrix.excluded.iter().take(5) {
            message.push_str(&format!("\n  {}: {}", excluded.cell, excluded.reason));
        }
        message.push_str("\n`djbuild matrix` shows what there is.");
        return Err(CliError::Usage(message));
    }
    Ok(asked)
}

fn new_run_id() -> RunId {
    let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
    let tail: String = std::iter::repeat_with(fastrand::lowercase)
        .take(4)
        .collect();
    RunId::new(format!("{now}-{tail}"))
}
