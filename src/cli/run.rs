use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::args::{Format, OutputOptions, RunOptions};
use super::asked::{Asked, ask};
use super::error::CliError;
use super::exit::Exit;
use super::host::{self, Folders};
use super::report_file::{check_writable, write_report};
use super::screen::{fetching, progress, wants_colour, width};
use super::sinks::{Sinks, say, warn};
use super::sources;
use super::{Outcome, clean, planning};
use crate::engine::{self, Canceller, Emitter, cancellation};
use crate::event::{Event, Summary};
use crate::model::{RunId, plural};
use crate::report::{self, Style};
use crate::runtime::Runtime;
use crate::runtime::docker::Docker;
use crate::store::{History, Recorder};

/// Events under way between the engine and the sinks.
const BACKLOG: usize = 1024;

pub async fn run(options: RunOptions) -> Outcome {
    for report in &options.output.report {
        check_writable(&report.path)?;
    }
    let folders = Folders::find()?;
    // Reading sources may reach the network: on a thread of its own, while the
    // engine is looked for.
    let (select, cache) = (options.select.clone(), folders.cache.clone());
    let shown = fetching(Some(&options.output));
    let estimates = planning::estimates(&options, &folders);
    let asking = tokio::task::spawn_blocking(move || {
        let asked = something_to_run(ask(&select, &cache, &shown, &estimates)?)?;
        let tested = asked.candidates.iter().filter(|candidate| {
            let mut cells = asked.matrix.cells.iter();
            cells.any(|cell| *cell.branch == *candidate.branch)
        });
        let snapshots = sources::snapshots(tested)?;
        Ok::<_, CliError>((asked, snapshots))
    });
    let (docker, removed) = engine(&folders).await?;
    let (asked, snapshots) = asking.await.map_err(|_| CliError::Bug)??;
    let run = new_run_id();
    let lock = folders.state.begin(&run)?;
    let (plan, started) = planning::plan(
        &options,
        &asked,
        &snapshots,
        &folders,
        &run,
        docker.capabilities(),
    )?;

    let (sender, receiver) = mpsc::channel(BACKLOG);
    let emit = Emitter::new(sender);
    let (canceller, cancel) = cancellation();
    let folder = folders.state.run_folder(&run);
    let sinks = Sinks {
        progress: progress(&options.output),
        recorder: Recorder::new(&folders.state, &run)
            .inspect_err(|error| warn(&format!("this run is not kept: {error}")))
            .ok(),
        format: options.output.format,
    };
    let drained = tokio::spawn(sinks.drain(receiver));
    let signals = tokio::spawn(listen(canceller, emit.clone()));
    let runtime: Arc<dyn Runtime> = Arc::new(docker);
    engine::run(plan, started, runtime, emit, cancel).await;
    signals.abort();
    let summary = drained.await.ok().flatten();
    drop(lock);

    let Some(summary) = summary else {
        return Ok(Exit::Infrastructure);
    };
    let kept =
        History::open(&folders.state.history_file()).and_then(|mut history| history.add(&summary));
    if let Err(error) = kept {
        warn(&format!("the run is not in the history: {error}"));
    }
    if options.output.format == Format::Text {
        print_text(&summary, &options.output, &folder, removed);
    }
    let mut exit = Exit::of(summary.outcome());
    for report in &options.output.report {
        if let Err(error) = write_report(report, &summary) {
            warn(&error.to_string());
            exit = match exit {
                Exit::Passed => Exit::Infrastructure,
                worse => worse,
            };
        }
    }
    Ok(exit)
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

/// Ctrl-C, a polite kill and a closed terminal all ask for the end; the second
/// time they ask for it at once.
async fn listen(canceller: Canceller, emit: Emitter) {
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let mut signals = Vec::new();
    for kind in kinds {
        match signal(kind) {
            Ok(signal) => signals.push(signal),
            Err(error) => warn(&format!("cannot listen for signals: {error}")),
        }
    }
    if signals.is_empty() {
        return;
    }
    loop {
        let any = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures_util::future::select_all(any).await;
        let message = if canceller.press() {
            "stopping; once more stops at once".to_owned()
        } else {
            "stopping at once".to_owned()
        };
        emit.emit(Event::Notice { message }).await;
    }
}

fn print_text(summary: &Summary, options: &OutputOptions, folder: &Path, removed: usize) {
    let style = if wants_colour(options.color, std::io::stdout().is_terminal()) {
        Style::Coloured
    } else {
        Style::Plain
    };
    let log_of = |image: &str| {
        let log = Recorder::image_log(folder, image);
        log.is_file().then(|| log.display().to_string())
    };
    let mut text = report::problems(summary, style, &log_of);
    text.push_str(&report::failures(summary, style));
    if options.verbose {
        text.push_str(&report::skips(summary, style));
    }
    text.push_str(&report::table(summary, width(), style));
    if removed > 0 {
        text.push_str(&format!(
            "Removed {} of dead runs.\n",
            plural(removed as u64, "leftover")
        ));
    }
    text.push_str(&style.faint(&format!("Kept in {}", folder.display())));
    text.push('\n');
    say(&text);
}

fn new_run_id() -> RunId {
    let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
    let tail: String = std::iter::repeat_with(fastrand::lowercase)
        .take(4)
        .collect();
    RunId::new(format!("{now}-{tail}"))
}
