use std::collections::BTreeMap;

use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use super::cell_row::CellRow;
use super::grouped::Grouped;
use crate::event::CellSummary;
use crate::model::{CellName, Moment, RunId};
use crate::report::reproduce;
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;

/// So many failures are told in full.
const TOLD: usize = 60;
/// So many reasons are told for which tests were skipped.
const REASONS: usize = 30;

/// A cell of a run.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "cell.html")]
pub struct CellPage {
    /// When this was so.
    pub at: Moment,
    /// The run.
    pub run: String,
    /// What it came to.
    #[serde(flatten)]
    pub row: CellRow,
    /// Its branch.
    pub branch: String,
    /// What it ran on.
    pub environment: BTreeMap<String, String>,
    /// Its phases, with the seconds each took.
    pub phases: Vec<(String, f64)>,
    /// What failed, a part of it where it is much.
    pub failures: Vec<Grouped>,
    /// Tests that took longest, with their seconds.
    pub slowest: Vec<(String, f64)>,
    /// Tests that have begun and not ended.
    pub running: Vec<String>,
    /// Why tests were skipped, and how many for each reason.
    pub skips: Vec<(String, u64)>,
    /// The last lines of its log, where it could not run to its end.
    pub log: Vec<String>,
}

/// A cell of a run, by the address of a page.
pub fn find(ask: &Ask) -> Result<(RunId, CellName, CellSummary, crate::event::Summary), WebError> {
    let run = ask.run()?;
    let summary = ask.state().summary(&run)?;
    let wanted = ask.part("cell");
    let found = summary
        .cells
        .iter()
        .find(|cell| cell.name.as_str() == wanted);
    let cell = found
        .cloned()
        .ok_or_else(|| WebError::Missing(format!("there is no cell {wanted} in run {run}")))?;
    Ok((run, cell.name.clone(), cell, summary))
}

impl View for CellPage {
    const PATH: &'static str = "/runs/{run}/cells/{*cell}";
    const ABOUT: &'static str = "A cell of a run";

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let (run, name, cell, summary) = find(ask)?;
        let detail = ask.state().detail(&run, &name)?;
        let failures = cell.failures.iter().take(TOLD).map(|failure| {
            let result = &failure.result;
            Grouped {
                test: result.test.clone(),
                subtest: result.subtest.clone(),
                outcome: result.outcome.as_str().to_owned(),
                cells: vec![name.to_string()],
                named: name.to_string(),
                traceback: result.traceback.clone().unwrap_or_default(),
                again: Some(reproduce(&summary, &cell.cell, &result.test)),
            }
        });
        let failures = failures.collect();
        let mut skips: Vec<(String, u64)> = cell.skips.clone().into_iter().collect();
        skips.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        skips.truncate(REASONS);
        Ok(Self {
            at: ask.now,
            run: run.to_string(),
            row: CellRow::of(&cell),
            branch: cell.cell.branch.to_string(),
            environment: cell.environment,
            phases: detail
                .phases
                .iter()
                .map(|phase| (phase.phase.to_string(), phase.seconds))
                .collect(),
            failures,
            slowest: detail
                .slowest
                .into_iter()
                .map(|result| (result.test, result.seconds))
                .collect(),
            running: detail.running,
            skips,
            log: cell.log,
        })
    }

    fn title(&self) -> String {
        format!("{}: {}", self.row.cell, self.row.outcome)
    }
}
