use crate::cli::args::Color;
use crate::cli::error::CliError;
use crate::cli::say::say;
use crate::cli::screen;
use crate::cli::watch;
use crate::event::{CellSummary, Summary};
use crate::model::{RunId, duration, plural, printable};
use crate::run::Home;

/// How the farm stands.
pub fn status() -> Result<(), CliError> {
    say(&watch::text(&watch::seen()?, screen::style(Color::Auto)))
}

/// What waits.
pub fn queue() -> Result<(), CliError> {
    part(&watch::waiting(&watch::seen()?), "nothing waits")
}

/// What is carried out.
pub fn running() -> Result<(), CliError> {
    part(&watch::running(&watch::seen()?), "nothing runs")
}

/// When clocks set something off.
pub fn schedulers() -> Result<(), CliError> {
    part(&watch::next(&watch::seen()?), "no clock sets anything off")
}

fn part(text: &str, otherwise: &str) -> Result<(), CliError> {
    match text.trim_start() {
        "" => say(&format!("{otherwise}\n")),
        text => say(text),
    }
}

/// How far the cells are of runs that go on.
pub fn cells(run: &str) -> Result<(), CliError> {
    let status = watch::seen()?;
    let home = Home::find()?;
    let mut text = String::new();
    let ids = status
        .running
        .iter()
        .filter_map(|request| request.run.clone());
    for id in ids.filter(|id| id.starts_with(run)) {
        let id = RunId::new(id);
        // One that has just begun has written nothing yet.
        let Ok(summary) = home.state.summary(&id) else {
            continue;
        };
        text.push_str(&of_run(id.as_str(), &summary));
    }
    part(&text, "no run like that goes on")
}

fn of_run(run: &str, summary: &Summary) -> String {
    let mut text = format!("run {run}\n");
    for cell in &summary.cells {
        let name = printable(cell.name.as_str());
        text.push_str(&format!("  {name}  {}\n", how_far(cell)));
    }
    text
}

fn how_far(cell: &CellSummary) -> String {
    let bad = cell.counts.failures + cell.counts.errors;
    let bad = match bad {
        0 => String::new(),
        bad => format!(", {bad} bad"),
    };
    let done = cell.counts.tests;
    match (cell.outcome, cell.collected) {
        (Some(outcome), _) => {
            let tests = plural(done, "test");
            format!("{outcome} ({tests}{bad}, {})", duration(cell.seconds))
        }
        (None, Some(all)) if all > 0 => {
            format!(
                "{}% ({done} of {}{bad})",
                done * 100 / all,
                plural(all, "test")
            )
        }
        (None, _) if cell.attempts > 0 => "begins".to_owned(),
        (None, _) => "waits".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_shown_with_how_far_it_is_and_what_is_bad_so_far() {
        let mut cell: CellSummary = serde_json::from_value(serde_json::json!({
            "name": "main-python3.14-sqlite",
            "cell": {"branch": "main", "python": "3.14", "database": "sqlite", "variant": null},
            "outcome": null, "cause": null, "detail": "", "collected": null, "seconds": 61.0,
            "counts": crate::model::Counts::default(), "attempts": 0, "environment": {},
            "failures": [], "skips": {},
        }))
        .expect("a cell");
        assert_eq!(how_far(&cell), "waits");
        cell.attempts = 1;
        assert_eq!(how_far(&cell), "begins");
        cell.collected = Some(200);
        cell.counts.tests = 50;
        cell.counts.errors = 1;
        assert_eq!(how_far(&cell), "25% (50 of 200 tests, 1 bad)");
        cell.outcome = Some(crate::model::Outcome::Failed);
        assert_eq!(how_far(&cell), "failed (50 tests, 1 bad, 1m01s)");
    }
}
