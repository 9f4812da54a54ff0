use serde::Serialize;

use crate::cli::error::CliError;
use crate::event::TestResult;
use crate::model::printable;
use crate::model::{CellName, Outcome, RunId, TestOutcome};
use crate::report::Style;
use crate::store::State;

/// One test in the cells of a run.
#[derive(Serialize)]
pub struct OneTest {
    run: RunId,
    test: String,
    cells: Vec<InCell>,
}

/// What became of it in one of them.
#[derive(Serialize)]
struct InCell {
    cell: CellName,
    /// One, more where subtests failed, none where it did not run.
    results: Vec<TestResult>,
}

pub fn value(state: &State, run: &RunId, test: &str) -> Result<OneTest, CliError> {
    let summary = state.summary(run)?;
    let cells: Vec<CellName> = summary.cells.into_iter().map(|cell| cell.name).collect();
    let results = state.results_of(run, &cells, test)?;
    let cells = cells.into_iter().zip(results);
    Ok(OneTest {
        run: run.clone(),
        test: test.to_owned(),
        cells: cells
            .map(|(cell, results)| InCell { cell, results })
            .collect(),
    })
}

/// Its outcomes, a line for each cell, and below them each traceback once.
pub fn text(state: &State, run: &RunId, test: &str, style: Style) -> Result<String, CliError> {
    let found = value(state, run, test)?;
    let mut text = format!("{}\n  run {run}\n", style.heading(&printable(test)));
    let width = found
        .cells
        .iter()
        .map(|found| found.cell.as_str().chars().count());
    let width = width.max().unwrap_or(0);
    let mut tracebacks: Vec<(&str, Vec<&str>)> = Vec::new();
    for InCell { cell, results } in &found.cells {
        if results.is_empty() {
            text.push_str(&format!(
                "  {cell:<width$}  {}\n",
                style.faint("did not run")
            ));
        }
        for result in results {
            text.push_str(&format!("  {cell:<width$}  {}\n", one(result, style)));
            let Some(traceback) = result.traceback.as_deref() else {
                continue;
            };
            match tracebacks.iter_mut().find(|(known, _)| *known == traceback) {
                Some((_, cells)) => cells.push(cell.as_str()),
                None => tracebacks.push((traceback, vec![cell.as_str()])),
            }
        }
    }
    for (traceback, cells) in tracebacks {
        text.push_str(&format!("\n  in {}\n", cells.join(", ")));
        for line in printable(traceback.trim_end()).lines() {
            text.push_str(&format!("  │ {line}\n"));
        }
    }
    Ok(text)
}

fn one(result: &TestResult, style: Style) -> String {
    let outcome = match result.outcome {
        TestOutcome::Passed | TestOutcome::ExpectedFailure => Outcome::Passed,
        TestOutcome::Skipped => Outcome::Skipped,
        TestOutcome::Failed | TestOutcome::Errored | TestOutcome::UnexpectedSuccess => {
            Outcome::Failed
        }
    };
    let word = style.outcome(outcome, result.outcome.as_str());
    let subtest = result.subtest.as_deref().unwrap_or_default();
    let reason = match &result.reason {
        Some(reason) => format!(": {reason}"),
        None => String::new(),
    };
    let text = format!(
        "{:>8.3} s  {word} {}{}",
        result.seconds,
        printable(subtest),
        printable(&reason)
    );
    text.trim_end().to_owned()
}
