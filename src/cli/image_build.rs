use std::sync::Arc;

use clap::{Args, Command, FromArgMatches};
use tokio::sync::mpsc;

use super::Outcome;
use super::args::{BuildOptions, Format, RunOptions};
use super::error::CliError;
use super::exit::Exit;
use super::host::Folders;
use super::interrupt::listen;
use super::prepare::Prepared;
use super::screen::progress;
use super::sinks::{BACKLOG, Sinks, say, warn};
use crate::engine::{Emitter, build_images, cancellation};
use crate::event::RunStarted;
use crate::model::plural;
use crate::runtime::Runtime;
use crate::store::History;

/// Makes the images of a matrix, and runs nothing.
pub async fn build(options: BuildOptions) -> Outcome {
    let options = as_run(options)?;
    let folders = Folders::find()?;
    let prepared = Prepared::new(&options, &folders).await?;
    let cells = prepared.plan.cells.len() as u64;
    let started = RunStarted {
        cells: Vec::new(),
        ..prepared.started
    };
    let (sender, receiver) = mpsc::channel(BACKLOG);
    let emit = Emitter::new(sender);
    let (canceller, cancel) = cancellation();
    let sinks = Sinks {
        progress: progress(&options.output),
        recorder: None,
        format: Format::Text,
    };
    let drained = tokio::spawn(sinks.drain(receiver));
    let signals = tokio::spawn(listen(canceller, emit.clone()));
    let runtime: Arc<dyn Runtime> = Arc::new(prepared.docker);
    let unmade = build_images(prepared.plan, started, runtime, emit, cancel).await;
    signals.abort();
    let summary = drained.await.ok().flatten();
    drop(prepared.lock);
    folders.state.forget(&prepared.run);

    let Some(summary) = summary else {
        return Ok(Exit::Infrastructure);
    };
    let noted = History::open(&folders.state.history_file())
        .and_then(|history| history.add_images(&summary));
    if let Err(error) = noted {
        warn(&format!("when images were used is not noted: {error}"));
    }
    if summary.interrupted {
        return Ok(Exit::Interrupted);
    }
    for (cell, why) in &unmade {
        say(&format!("{cell}: {why}\n"))?;
    }
    let images = plural(summary.images_used.len() as u64, "image");
    let ready = plural(cells - unmade.len() as u64, "cell");
    say(&format!(
        "{images} for {ready}, {} made now\n",
        summary.images_built
    ))?;
    Ok(if unmade.is_empty() {
        Exit::Passed
    } else {
        Exit::Infrastructure
    })
}

/// A run of these cells, with the defaults of `djbuild run` for all the rest.
fn as_run(options: BuildOptions) -> Result<RunOptions, CliError> {
    let command = RunOptions::augment_args(Command::new("run"));
    let run = command
        .try_get_matches_from(["run"])
        .and_then(|matches| RunOptions::from_arg_matches(&matches))
        .map_err(|error| CliError::Usage(error.to_string()))?;
    Ok(RunOptions {
        select: options.select,
        images: options.images,
        ..run
    })
}
