use std::collections::BTreeMap;

use crate::event::Summary;
use crate::model::{Outcome, plural, printable};

/// Reasons shown; `djbuild matrix` tells them all.
const SHOWN: usize = 5;

/// What a glance at the table would miss: what was asked for and left out, and
/// cells that passed for lack of tests.
pub fn remarks(summary: &Summary) -> String {
    let mut text = String::new();
    let excluded = &summary.started.excluded;
    if !excluded.is_empty() {
        let count = plural(excluded.len() as u64, "cell");
        text.push_str(&format!("{count} left out:\n"));
        for (cell, reason) in excluded.iter().take(SHOWN) {
            text.push_str(&format!("  {cell}: {reason}\n"));
        }
        if excluded.len() > SHOWN {
            text.push_str("  …; `djbuild matrix` shows every reason\n");
        }
    }
    for notice in &summary.notices {
        text.push_str(&format!("Note: {}\n", printable(&notice.message)));
    }
    for (missing, cells) in without_requirements(summary) {
        text.push_str(&format!(
            "Without {}, whose tests were skipped: {}\n",
            printable(missing),
            cells.join(", ")
        ));
    }
    for cell in &summary.cells {
        if cell.outcome == Some(Outcome::Empty) {
            text.push_str(&format!("No test ran in {}.\n", cell.cell));
        }
    }
    text
}

/// The requirements that cells could not have, and which cells.
fn without_requirements(summary: &Summary) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for cell in &summary.cells {
        if let Some(missing) = cell.environment.get("missing") {
            found.entry(missing).or_default().push(cell.name.as_str());
        }
    }
    found
}
