use clap::{Args, Command, FromArgMatches};

use super::args::{BuildOptions, Format, OutputOptions, RunOptions};
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::going::{Going, before_an_audience};
use super::interrupt::Interrupts;
use super::say::{say, warn};
use crate::model::plural;
use crate::run::{Made, make_images};

/// Makes the images of a matrix, and runs nothing.
pub async fn build(options: BuildOptions) -> Outcome {
    let options = as_run(options)?;
    let output = OutputOptions {
        format: Format::Text,
        ..options.output.clone()
    };
    let Going {
        home,
        engine,
        prepared,
        ..
    } = Going::prepare(options.request()?, &output).await?;
    let cells = prepared.plan.cells.len() as u64;
    let mut interrupts = Interrupts::listen();
    let made = before_an_audience(&output, &mut interrupts, |journal, cancel| async move {
        make_images(&engine, prepared, &home, &journal, cancel).await
    })
    .await;
    let Some(Made {
        summary,
        unmade,
        noted,
    }) = made
    else {
        return Ok(Exit::Infrastructure);
    };
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
