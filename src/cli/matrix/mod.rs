//! `djbuild matrix`: what would run and what would not, and why.

mod check;
mod describe;
mod explain;
mod formats;
mod list;

use super::Outcome;
use super::args::{MatrixFormat, MatrixOptions};
use super::asked::{Asked, ask};
use super::exit::Exit;
use super::host::Folders;
use super::screen;
use super::sinks::{say, warn};
use crate::store::Estimates;

pub fn matrix(options: &MatrixOptions) -> Outcome {
    if options.list {
        say(&list::list(&options.select)?)?;
        return Ok(Exit::Passed);
    }
    let folders = Folders::find()?;
    let asked = tokio::task::block_in_place(|| {
        ask(
            &options.select,
            &folders.cache,
            &screen::fetching(None),
            &|| Estimates::of(&folders.state, Vec::new()),
        )
    })?;
    if options.check {
        return check::check(&asked);
    }
    for idle in &asked.matrix.idle {
        warn(&idle.to_string());
    }
    if let Some(cell) = &options.explain {
        return explain::explain(cell, &asked);
    }
    say(&show(&asked, options.format))?;
    Ok(Exit::Passed)
}

fn show(asked: &Asked, format: MatrixFormat) -> String {
    match format {
        MatrixFormat::Grid => describe::describe(asked, screen::width()),
        MatrixFormat::List => formats::list(&asked.matrix),
        MatrixFormat::Json => formats::json(asked),
        MatrixFormat::Github => formats::github(&asked.matrix),
    }
}
