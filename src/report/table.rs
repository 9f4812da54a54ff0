use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

use super::Style;
use crate::event::{CellSummary, Summary};
use crate::model::{DatabaseSpec, Outcome, PythonSpec, duration, plural};

/// The table of a run: branch and Python down, databases across.
pub fn table(summary: &Summary, width: u16, style: Style) -> String {
    let mut databases: Vec<&DatabaseSpec> = Vec::new();
    let mut rows: Vec<(&str, PythonSpec)> = Vec::new();
    for cell in &summary.cells {
        if !databases.contains(&&cell.cell.database) {
            databases.push(&cell.cell.database);
        }
        let row = (cell.cell.branch.as_str(), cell.cell.python);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    let mut header = vec!["branch".to_owned(), "Python".to_owned()];
    header.extend(databases.iter().map(ToString::to_string));
    table.set_header(header);
    for (branch, python) in rows {
        let mut row = vec![branch.to_owned(), python.to_string()];
        for database in &databases {
            let cell = summary.cells.iter().find(|cell| {
                cell.cell.branch == branch
                    && cell.cell.python == python
                    && cell.cell.database == **database
            });
            row.push(cell.map_or_else(String::new, |cell| square(cell, style)));
        }
        table.add_row(row);
    }
    format!("{table}\n")
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
