use serde::Serialize;

use crate::cli::error::CliError;
use crate::cli::told;
use crate::event::Summary;
use crate::model::{RunId, duration, plural};
use crate::report::Style;
use crate::store::{Liveness, State};

/// A run with its outcome, and then its report.
#[derive(Serialize)]
pub struct Whole {
    run: RunId,
    outcome: &'static str,
    #[serde(flatten)]
    summary: Summary,
}

pub fn value(state: &State, run: &RunId) -> Result<Whole, CliError> {
    let summary = state.summary(run)?;
    Ok(Whole {
        run: run.clone(),
        outcome: outcome(state, &summary),
        summary,
    })
}

/// The word for how a run ended, or that it did not.
pub fn outcome(state: &State, summary: &Summary) -> &'static str {
    match summary.seconds {
        Some(_) => summary.outcome().as_str(),
        None if state.liveness(&summary.started.run) == Liveness::Dead => "interrupted",
        None => "running",
    }
}

/// As a run is shown at its end; before it, if it has none, how far it is.
pub fn text(state: &State, run: &RunId, style: Style) -> Result<String, CliError> {
    let summary = state.summary(run)?;
    let mut text = String::new();
    if summary.seconds.is_none() {
        text.push_str(&standing(&summary, outcome(state, &summary)));
    }
    let folder = state.run_folder(run);
    text.push_str(&told::wrong(&summary, &folder, style));
    text.push_str(&told::whole(&summary, &folder, style));
    Ok(text)
}

/// How far a run is that has no end, or was when its process was gone.
fn standing(summary: &Summary, outcome: &str) -> String {
    let cells = &summary.cells;
    let ended = cells.iter().filter(|cell| cell.outcome.is_some()).count();
    let all = plural(cells.len() as u64, "cell");
    let how = if outcome == "interrupted" {
        "was cut off: its process is gone".to_owned()
    } else {
        let now = jiff::Timestamp::now().as_millisecond();
        let now = u64::try_from(now).unwrap_or(0);
        #[allow(clippy::cast_precision_loss)]
        let seconds = now.saturating_sub(summary.began) as f64 / 1000.0;
        format!("goes on for {}", duration(seconds))
    };
    let mut text = format!(
        "Run {} {how}; {ended} of {all} ended\n",
        summary.started.run
    );
    for cell in cells {
        if cell.outcome.is_none() && cell.attempts > 0 {
            let done = cell.counts.tests;
            let tests = match cell.collected {
                Some(collected) => format!("{done} of {}", plural(collected, "test")),
                None => plural(done, "test"),
            };
            let bad = match cell.counts.bad() {
                0 => String::new(),
                bad => format!(", {bad} bad"),
            };
            text.push_str(&format!("  {}: {tests}{bad}\n", cell.cell));
        }
    }
    text.push('\n');
    text
}
