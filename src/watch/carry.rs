use std::sync::Arc;

use super::WatchError;
use super::ending::{Ending, Verdicts};
use super::recover::Fate;
use crate::engine::{Cancel, Engine};
use crate::journal::Journal;
use crate::matrix::Cover;
use crate::model::RunId;
use crate::run::{self, AskedBy, Finished, Home, Pin, Request, RunError};
use crate::spec::{Job, Suite};
use crate::store::farm::QueuedRequest;

/// What a request is as a run: that of its job, on its commit, with everything else as
/// the watcher was told.
pub fn as_run(request: &QueuedRequest, url: &str, base: &Request, home: &Home) -> Request {
    let asked = &request.asked;
    let Ok(Job::Suite(suite)) = serde_json::from_str(&asked.job) else {
        return base.clone();
    };
    let Suite {
        matrix,
        pythons,
        databases,
        variants,
        cover,
        labels,
        flags,
    } = suite;
    let mut run = base.clone();
    run.scope.pins = vec![Pin {
        source: url.to_owned(),
        folder: home.state.repositories(),
        branch: asked.branch.clone(),
        commit: asked.revision.clone(),
    }];
    if matrix.is_some() {
        run.scope.matrix = matrix;
        run.scope.text = None;
    }
    run.scope.pythons = pythons;
    run.scope.databases = databases;
    run.scope.variants = variants;
    run.scope.cover = match cover.as_deref() {
        Some("pairwise") => Cover::Pairwise,
        Some("each") => Cover::Each,
        Some("min-max") => Cover::MinMax,
        _ => Cover::All,
    };
    run.labels = labels;
    run.flags = flags;
    run.priority = asked.priority;
    run.by = Some(AskedBy {
        scheduler: asked.scheduler.clone(),
        cause: asked.reason.clone(),
    });
    run
}

/// Carries a run out, and says how it ended. `begun` is told its id before anything is
/// started.
pub async fn carry(
    request: Request,
    home: Home,
    engine: Arc<Engine>,
    journal: Arc<Journal>,
    cancel: Cancel,
    begun: impl FnOnce(&RunId) -> Result<(), WatchError>,
) -> (Ending, Option<Finished>) {
    let (reading, reading_home) = (request.clone(), home.clone());
    let read =
        tokio::task::spawn_blocking(move || run::snapshots(&reading, &reading_home, &|_| {}));
    let read = read.await.unwrap_or(Err(RunError::Bug));
    let prepared = read.and_then(|read| run::prepare(&request, read, &home, engine.capabilities()));
    let prepared = match prepared {
        Ok(prepared) => prepared,
        // What cannot be run of a branch is the branch's fault, or the file's.
        Err(error) if error.is_a_wrong_request() => {
            return (Ending::without("errored", &error.to_string()), None);
        }
        Err(error) => return (Ending::without("infrastructure", &error.to_string()), None),
    };
    if let Err(error) = begun(&prepared.run) {
        home.state.forget(&prepared.run);
        return (Ending::without("infrastructure", &error.to_string()), None);
    }
    match run::conduct(&engine, prepared, &home, &journal, cancel).await {
        Some(finished) => (Ending::Run(Verdicts::of(&finished.summary)), Some(finished)),
        None => (
            Ending::without("infrastructure", "a bug, which was told"),
            None,
        ),
    }
}

/// What became of a run whose watcher is gone, as its folder has it.
pub fn fate(home: &Home, run: &RunId) -> Fate {
    match home.state.summary(run) {
        Ok(summary) if summary.seconds.is_some() => {
            Fate::Ended(Ending::Run(Verdicts::of(&summary)))
        }
        _ => Fate::CutOff,
    }
}
