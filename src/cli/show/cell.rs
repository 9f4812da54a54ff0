use serde::Serialize;

use crate::cli::error::CliError;
use crate::event::{CellSummary, Summary};
use crate::model::printable;
use crate::model::{CellName, Outcome, RunId, duration, plural};
use crate::report::{self, Style};
use crate::run::RunError;
use crate::store::{CellDetail, State};

/// Reasons of skipped tests that are told.
const REASONS: usize = 10;

/// A cell, with what its log has beside its summary.
#[derive(Serialize)]
pub struct OneCell {
    run: RunId,
    cell: CellSummary,
    #[serde(flatten)]
    detail: CellDetail,
}

pub fn value(state: &State, run: &RunId, name: &CellName) -> Result<OneCell, CliError> {
    let summary = of_one(state.summary(run)?, name)?;
    let detail = state.detail(run, name)?;
    let cell = summary.cells.into_iter().next().ok_or(RunError::Bug)?;
    Ok(OneCell {
        run: run.clone(),
        cell,
        detail,
    })
}

/// The summary of a run as if it had this cell alone.
fn of_one(mut summary: Summary, name: &CellName) -> Result<Summary, CliError> {
    summary.cells.retain(|cell| cell.name == *name);
    summary.image_problems.clear();
    if summary.cells.is_empty() {
        return Err(CliError::Usage(format!("no cell is called {name}")));
    }
    Ok(summary)
}

pub fn text(state: &State, run: &RunId, name: &CellName, style: Style) -> Result<String, CliError> {
    let summary = of_one(state.summary(run)?, name)?;
    let detail = state.detail(run, name)?;
    let cell = &summary.cells[0];
    let mut text = format!(
        "{}  {}\n",
        style.heading(name.as_str()),
        ending(cell, style)
    );
    let mut line = |title: &str, what: &str| {
        text.push_str(&format!("  {title:<10}{what}\n"));
    };
    line("run", run.as_str());
    if cell.attempts > 1 {
        line("attempts", &cell.attempts.to_string());
    }
    for (what, value) in &cell.environment {
        line(&printable(what), &printable(value));
    }
    text.push_str(&phases(&detail, style));
    text.push_str(&slowest(&detail, style));
    text.push_str(&skips(cell, style));
    for test in &detail.running {
        let test = printable(test);
        text.push_str(&format!("\n{} {test}\n", style.heading("Not ended:")));
    }
    text.push('\n');
    text.push_str(&report::problems(&summary, style, &|_| None));
    text.push_str(&report::failures(&summary, style));
    text.push_str(&style.faint(&format!("Its log: djbuild logs {run} {name}")));
    text.push('\n');
    Ok(text)
}

fn ending(cell: &CellSummary, style: Style) -> String {
    let tests = plural(cell.counts.tests, "test");
    let Some(outcome) = cell.outcome else {
        return match cell.attempts {
            0 => "has not begun".to_owned(),
            _ => format!("has not ended, {tests} so far"),
        };
    };
    let word = style.outcome(outcome, outcome.as_str());
    let time = duration(cell.seconds);
    match outcome {
        Outcome::Failed => format!("{word} {} of {tests} in {time}", cell.counts.bad()),
        _ => format!("{word}, {tests} in {time}"),
    }
}

fn phases(detail: &CellDetail, style: Style) -> String {
    if detail.phases.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", style.heading("Phases"));
    for phase in &detail.phases {
        let name = phase.phase.to_string();
        text.push_str(&format!("{:>9}  {name}\n", duration(phase.seconds)));
    }
    text
}

fn slowest(detail: &CellDetail, style: Style) -> String {
    if detail.slowest.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", style.heading("Slowest tests"));
    for result in &detail.slowest {
        let time = format!("{:.2} s", result.seconds);
        text.push_str(&format!("{time:>9}  {}\n", printable(&result.test)));
    }
    text
}

fn skips(cell: &CellSummary, style: Style) -> String {
    if cell.skips.is_empty() {
        return String::new();
    }
    let mut reasons: Vec<_> = cell.skips.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let mut text = format!("\n{}\n", style.heading("Skipped"));
    for (reason, count) in reasons.iter().take(REASONS) {
        text.push_str(&format!("{count:>9}  {}\n", printable(reason)));
    }
    if reasons.len() > REASONS {
        let rest = plural((reasons.len() - REASONS) as u64, "more reason");
        text.push_str(&format!("{:>9}  {rest}\n", "…"));
    }
    text
}
