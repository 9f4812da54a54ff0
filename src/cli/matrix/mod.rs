//! `djbuild matrix`: what would run and what would not, and why.

mod check;
mod describe;
mod explain;
mod formats;
mod list;

use super::args::{MatrixFormat, MatrixOptions};
use super::error::Outcome;
use super::exit::Exit;
use super::say::{say, warn};
use super::screen;
use crate::run::Home;
use crate::run::{Asked, ask};
use crate::store::Estimates;

pub fn matrix(options: &MatrixOptions) -> Outcome {
    let scope = options.select.scope()?;
    if options.list {
        say(&list::list(&scope)?)?;
        return Ok(Exit::Passed);
    }
    let home = Home::find()?;
    let shown = screen::fetching(None);
    let asked = tokio::task::block_in_place(|| {
        ask(
            &scope,
            &home.cache,
            &|transfer| shown.show(&transfer.what, transfer.done, transfer.total, transfer.unit),
            &|| Estimates::of(&home.state, &[]),
        )
    })?;
    if options.check {
        return check::check(&asked);
    }
    for notice in &asked.notices {
        warn(&notice.message);
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
