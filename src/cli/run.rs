use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::args::{Format, OutputOptions, RunOptions};
use super::error::CliError;
use super::exit::Exit;
use super::host::Folders;
use super::interrupt::listen;
use super::prepare::Prepared;
use super::report_file::{check_writable, write_report};
use super::screen::{self, progress, width};
use super::sinks::{BACKLOG, Sinks, say, warn};
use super::{Outcome, attention, github};
use crate::engine::{self, Emitter, cancellation};
use crate::event::Summary;
use crate::model::plural;
use crate::report;
use crate::runtime::Runtime;
use crate::store::{History, Recorder};

pub async fn run(options: RunOptions) -> Outcome {
    for report in &options.output.report {
        check_writable(&report.path)?;
    }
    let folders = Folders::find()?;
    let prepared = Prepared::new(&options, &folders).await?;
    let run = prepared.run;

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
    let runtime: Arc<dyn Runtime> = Arc::new(prepared.docker);
    engine::run(prepared.plan, prepared.started, runtime, emit, cancel).await;
    signals.abort();
    let summary = drained.await.ok().flatten();
    drop(prepared.lock);

    let Some(summary) = summary else {
        return Ok(Exit::Infrastructure);
    };
    let kept =
        History::open(&folders.state.history_file()).and_then(|mut history| history.add(&summary));
    if let Err(error) = kept {
        warn(&format!("the run is not in the history: {error}"));
    }
    attention::call(&options.output.notify, &summary);
    let mut told = Vec::new();
    if options.output.format == Format::Text {
        told.push(print_text(
            &summary,
            &options.output,
            &folder,
            prepared.removed,
        ));
    }
    told.push(github::tell(&summary, options.output.format));
    let reports = options.output.report.iter();
    told.extend(reports.map(|report| write_report(report, &summary)));
    let mut exit = Exit::of(summary.outcome());
    for error in told.into_iter().filter_map(Result::err) {
        warn(&error.to_string());
        if exit == Exit::Passed {
            exit = Exit::Infrastructure;
        }
    }
    Ok(exit)
}

fn print_text(
    summary: &Summary,
    options: &OutputOptions,
    folder: &Path,
    removed: usize,
) -> Result<(), CliError> {
    let style = screen::style(options.color);
    let log_of = |image: &str| {
        let log = Recorder::image_log(folder, image);
        let name = log.display().to_string();
        log.is_file().then(|| screen::link(&log, &name))
    };
    let mut text = report::problems(summary, style, &log_of);
    text.push_str(&report::failures(summary, style));
    if options.verbose {
        text.push_str(&report::skips(summary, style));
    }
    if options.quiet {
        return say(&text);
    }
    text.push_str(&report::table(summary, width(), style));
    text.push_str(&report::remarks(summary));
    if removed > 0 {
        text.push_str(&format!(
            "Removed {} of dead runs.\n",
            plural(removed as u64, "leftover")
        ));
    }
    let place = screen::link(folder, &folder.display().to_string());
    text.push_str(&style.faint(&format!("Kept in {place}")));
    text.push('\n');
    say(&text)
}
