use std::path::Path;

use super::args::{Format, OutputOptions, RunOptions};
use super::audience::STILL;
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::going::{Going, before_an_audience};
use super::interrupt::Interrupts;
use super::report_file::{check_writable, write_report};
use super::say::{say, warn};
use super::screen::{self, width};
use super::{attention, github};
use crate::event::Summary;
use crate::model::plural;
use crate::report;
use crate::run::{Finished, Home, conduct};
use crate::store::Recorder;

pub async fn run(options: RunOptions) -> Outcome {
    for report in &options.output.report {
        check_writable(&report.path)?;
    }
    let Going {
        home,
        engine,
        prepared,
        removed,
    } = Going::prepare(options.request()?, &options.output).await?;
    let mut interrupts = Interrupts::listen();
    let finished = before_an_audience(&options.output, &mut interrupts, |journal, cancel| {
        let home = home.clone();
        async move { conduct(&engine, prepared, &home, &journal, cancel).await }
    })
    .await;
    let Some(finished) = finished else {
        return Ok(Exit::Infrastructure);
    };
    // Whoever is to be told may have stopped reading: nothing is left to be done,
    // so another interrupt ends it.
    let output = options.output;
    let telling = tokio::task::spawn_blocking(move || {
        let (exit, words) = tell(&finished, &output, &home, removed);
        (exit, words, output.notify, finished.summary)
    });
    let (exit, words, notices, summary) = tokio::select! {
        told = telling => match told {
            Ok(told) => told,
            Err(_) => return Ok(Exit::Infrastructure),
        },
        () = interrupts.next() => return Ok(Exit::Interrupted),
    };
    // Standard error comes last, and is not waited for: a display that a frozen
    // terminal holds up has it for itself.
    let calling = tokio::task::spawn_blocking(move || {
        for word in &words {
            warn(word);
        }
        attention::call(&notices, &summary);
    });
    tokio::select! {
        _ = calling => {}
        () = tokio::time::sleep(STILL) => {}
        () = interrupts.next() => {}
    }
    Ok(exit)
}

/// Tells what a run came to, on every way that was asked for. Returns what is left to
/// be said on standard error.
fn tell(
    finished: &Finished,
    output: &OutputOptions,
    home: &Home,
    removed: usize,
) -> (Exit, Vec<String>) {
    let summary = &finished.summary;
    let mut words = Vec::new();
    if let Some(why) = &finished.unkept {
        words.push(format!("the run, or its end, is not kept: {why}"));
    }
    let mut told = Vec::new();
    if output.format == Format::Text {
        let folder = home.state.run_folder(&finished.run);
        told.push(print_text(summary, output, &folder, removed));
    }
    told.push(github::tell(summary, output.format));
    let reports = output.report.iter();
    told.extend(reports.map(|report| write_report(report, summary)));
    let mut exit = Exit::of(summary.outcome());
    for error in told.into_iter().filter_map(Result::err) {
        words.push(error.to_string());
        if exit == Exit::Passed {
            exit = Exit::Infrastructure;
        }
    }
    (exit, words)
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
        text.push_str(&report::remarks(summary));
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
