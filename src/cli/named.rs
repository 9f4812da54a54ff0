use super::error::CliError;
use crate::event::Summary;
use crate::model::{CellName, RunId};
use crate::spec::nearest;
use crate::store::State;

/// Names told where several fit.
const TOLD: usize = 5;

/// What was named within a run.
pub enum Part {
    Whole,
    Cell(CellName),
    Test(String),
}

/// The run that is meant: by its id or the beginning of it, `latest`, or `-2` for
/// the one before.
///
/// # Errors
/// When no run is called so, or several are.
pub fn run(state: &State, typed: &str) -> Result<RunId, CliError> {
    if let Some(found) = run_if_any(state, typed)? {
        return Ok(found);
    }
    let runs: Vec<RunId> = state.runs()?.collect();
    let names: Vec<&str> = runs.iter().map(RunId::as_str).collect();
    Err(unknown(
        "run",
        typed,
        &names,
        "`djbuild history` lists them",
    ))
}

fn run_if_any(state: &State, typed: &str) -> Result<Option<RunId>, CliError> {
    let place = match typed {
        "latest" => Some(1),
        typed => typed
            .strip_prefix('-')
            .and_then(|place| place.parse::<usize>().ok())
            .filter(|place| *place > 0),
    };
    if let Some(place) = place {
        let mut runs = state.runs()?;
        return match runs.nth(place - 1) {
            Some(run) => Ok(Some(run)),
            None if place == 1 => Err(CliError::Usage(
                "no run is kept yet; `djbuild run` makes one".to_owned(),
            )),
            None => {
                let kept = state.runs()?.count();
                Err(CliError::Usage(format!(
                    "{typed}: only {kept} runs are kept"
                )))
            }
        };
    }
    if typed.is_empty() {
        return Ok(None);
    }
    let mut found: Vec<RunId> = state
        .runs()?
        .filter(|run| run.as_str().starts_with(typed))
        .collect();
    if let Some(exact) = found.iter().position(|run| run.as_str() == typed) {
        return Ok(Some(found.swap_remove(exact)));
    }
    match found.as_slice() {
        [] => Ok(None),
        [_] => Ok(found.pop()),
        several => {
            let names = several.iter().map(RunId::as_str);
            Err(ambiguous("runs begin with", typed, names))
        }
    }
}

/// A run and what of it: one word may be either, and what is no run is looked for in
/// the last.
///
/// # Errors
/// When nothing is called so, or several things are.
pub fn part(state: &State, words: &[String]) -> Result<(RunId, Part), CliError> {
    match words {
        [] => Ok((run(state, "latest")?, Part::Whole)),
        [word] => {
            if let Some(run) = run_if_any(state, word)? {
                return Ok((run, Part::Whole));
            }
            let run = run(state, "latest")?;
            let part = within(state, &run, word)?;
            Ok((run, part))
        }
        [word, rest @ ..] => {
            let run = run(state, word)?;
            let part = within(state, &run, &rest[0])?;
            Ok((run, part))
        }
    }
}

/// A run and one of its cells; the last run, where none is named.
///
/// # Errors
/// When nothing is called so, or several things are.
pub fn cell(state: &State, words: &[String]) -> Result<(RunId, CellName), CliError> {
    let (run, typed) = match words {
        [cell] => (run(state, "latest")?, cell),
        [word, cell, ..] => (run(state, word)?, cell),
        [] => return Err(CliError::Usage("which cell?".to_owned())),
    };
    let cells = cells(&state.summary(&run)?);
    if let Some(cell) = cell_of(&cells, typed)? {
        return Ok((run, cell));
    }
    let names: Vec<&str> = cells.iter().map(CellName::as_str).collect();
    let otherwise = format!("`djbuild show {run}` shows them");
    Err(unknown("cell", typed, &names, &otherwise))
}

fn within(state: &State, run: &RunId, typed: &str) -> Result<Part, CliError> {
    let cells = cells(&state.summary(run)?);
    if let Some(exact) = cells.iter().find(|cell| cell.as_str() == typed) {
        return Ok(Part::Cell(exact.clone()));
    }
    let tests = state.tests(run);
    if tests.iter().any(|test| test == typed) {
        return Ok(Part::Test(typed.to_owned()));
    }
    let ending = format!(".{typed}");
    let mut found = tests.iter().filter(|test| test.ends_with(&ending));
    match (found.next(), found.next()) {
        (Some(test), None) => return Ok(Part::Test(test.clone())),
        (Some(first), Some(second)) => {
            let names = [first, second].into_iter().chain(found);
            return Err(ambiguous(
                "tests end with",
                typed,
                names.map(String::as_str),
            ));
        }
        _ => {}
    }
    if let Some(cell) = cell_of(&cells, typed)? {
        return Ok(Part::Cell(cell));
    }
    // Earlier versions kept no list of tests.
    if tests.is_empty() {
        let results = state.results_of(run, &cells, typed)?;
        if results.iter().any(|results| !results.is_empty()) {
            return Ok(Part::Test(typed.to_owned()));
        }
    }
    let names = cells.iter().map(CellName::as_str);
    let names: Vec<&str> = names.chain(tests.iter().map(String::as_str)).collect();
    Err(unknown(
        "run, cell or test",
        typed,
        &names,
        &format!("looked for in run {run}; `djbuild history` lists the others"),
    ))
}

fn cells(summary: &Summary) -> Vec<CellName> {
    summary.cells.iter().map(|cell| cell.name.clone()).collect()
}

/// A cell by its name, or by a part of it that no other has.
fn cell_of(cells: &[CellName], typed: &str) -> Result<Option<CellName>, CliError> {
    if let Some(exact) = cells.iter().find(|cell| cell.as_str() == typed) {
        return Ok(Some(exact.clone()));
    }
    let found: Vec<&CellName> = cells
        .iter()
        .filter(|cell| cell.as_str().contains(typed))
        .collect();
    match found.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some((*only).clone())),
        several => {
            let names = several.iter().map(|cell| cell.as_str());
            Err(ambiguous("cells have", typed, names))
        }
    }
}

/// Says that nothing is called so, and what may have been meant.
pub fn unknown(what: &str, typed: &str, known: &[&str], otherwise: &str) -> CliError {
    let help = match nearest(typed, known) {
        Some(near) => format!("did you mean {near}?"),
        None => otherwise.to_owned(),
    };
    CliError::Usage(format!("no {what} is called {typed:?}; {help}"))
}

fn ambiguous<'a>(what: &str, typed: &str, names: impl Iterator<Item = &'a str>) -> CliError {
    let names: Vec<&str> = names.collect();
    let mut text = format!("{} {what} {typed:?}:", names.len());
    for name in names.iter().take(TOLD) {
        text.push_str(&format!("\n  {name}"));
    }
    if names.len() > TOLD {
        text.push_str("\n  …");
    }
    CliError::Usage(text)
}
