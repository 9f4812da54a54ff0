use super::{Style, grid};
use crate::event::{CellSummary, Summary};
use crate::model::{Outcome, duration, plural};

/// The table of a run: branch and Python down, databases across.
pub fn table(summary: &Summary, width: u16, style: Style) -> String {
    let squares: Vec<_> = summary
        .cells
        .iter()
        .map(|cell| (&cell.cell, square(cell, style)))
        .collect();
    grid(&squares, width)
}

/// What one square of the table says.
fn square(cell: &CellSummary, style: Style) -> String {
    let Some(outcome) = cell.outcome else {
        return "unfinished".to_owned();
    };
    let counts = &cell.counts;
    let (word, detail) = match outcome {
        Outcome::Passed => ("passed".to_owned(), plural(counts.tests, "test")),
        Outcome::Failed => (
            format!("failed {}", counts.bad()),
            plural(counts.tests, "test"),
        ),
        Outcome::Skipped => return style.outcome(outcome, "no image"),
        Outcome::Empty => return style.outcome(outcome, "no test ran"),
        Outcome::Cancelled if counts.tests == 0 => return style.outcome(outcome, "cancelled"),
        Outcome::Cancelled => ("cancelled".to_owned(), format!("{} done", counts.tests)),
        Outcome::Errored | Outcome::Infrastructure => (
            outcome.to_string(),
            cell.cause
                .map_or_else(String::new, |cause| cause.to_string()),
        ),
    };
    let time = duration(cell.seconds);
    let mut lines = vec![style.outcome(outcome, &word)];
    if !detail.is_empty() {
        lines.push(detail);
    }
    if counts.skipped > 0 {
        lines.push(style.faint(&format!("{} skipped", counts.skipped)));
    }
    lines.push(style.faint(&time));
    lines.join("\n")
}
