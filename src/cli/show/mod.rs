//! A run that is kept, shown again: the whole of it, a cell, or a test.

mod cell;
mod test;
mod whole;

use super::args::{Format, ShowOptions};
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::named::{self, Part};
use super::say::say;
use super::screen;
use crate::run::{Home, RunError};

/// Shows a run, one of its cells, or one test in all of them.
pub fn show(options: &ShowOptions) -> Outcome {
    let state = Home::find()?.state;
    let (run, part) = named::part(&state, &options.what)?;
    let style = screen::style(options.color);
    let is_json = options.format == Format::Json;
    let text = match (&part, is_json) {
        (Part::Whole, false) => whole::text(&state, &run, style)?,
        (Part::Whole, true) => json(&whole::value(&state, &run)?)?,
        (Part::Cell(cell), false) => cell::text(&state, &run, cell, style)?,
        (Part::Cell(cell), true) => json(&cell::value(&state, &run, cell)?)?,
        (Part::Test(test), false) => test::text(&state, &run, test, style)?,
        (Part::Test(test), true) => json(&test::value(&state, &run, test)?)?,
    };
    say(&text)?;
    Ok(Exit::Passed)
}

fn json(value: &impl serde::Serialize) -> Result<String, CliError> {
    // Plain data with string keys: nothing in it can fail.
    let mut text = serde_json::to_string_pretty(value).map_err(|_| RunError::Bug)?;
    text.push('\n');
    Ok(text)
}
