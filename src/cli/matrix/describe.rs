use crate::matrix::Excluded;
use crate::model::{Cell, plural};
use crate::report;
use crate::run::Asked;

/// A grid that fits the terminal, and each reason for what is left out.
pub fn describe(asked: &Asked, width: u16) -> String {
    let mut text = String::new();
    for candidate in &asked.candidates {
        text.push_str(&format!("{candidate}\n"));
    }
    let matrix = &asked.matrix;
    let runs = matrix.cells.iter().map(|cell| (cell, "run".to_owned()));
    let out = matrix
        .excluded
        .iter()
        .map(|out| (&out.cell, "–".to_owned()));
    let squares: Vec<_> = runs.chain(out).collect();
    text.push_str(&report::grid(&squares, width));
    text.push_str(&format!(
        "{} to run",
        plural(matrix.cells.len() as u64, "cell")
    ));
    if matrix.excluded.is_empty() {
        text.push_str(", none left out\n");
    } else {
        text.push_str(&format!(", {} left out:\n", matrix.excluded.len()));
    }
    for (cells, reason) in by_reason(&matrix.excluded) {
        text.push_str(&format!("  {}: {reason}\n", name_all(&cells)));
    }
    text
}

/// Each reason once, with its cells: a branch that does not support a Python
/// leaves out as many cells as there are databases.
fn by_reason(excluded: &[Excluded]) -> Vec<(Vec<&Cell>, &str)> {
    let mut groups: Vec<(Vec<&Cell>, &str)> = Vec::new();
    for Excluded { cell, reason } in excluded {
        let group = groups
            .iter_mut()
            .find(|(cells, known)| *known == &**reason && cells[0].branch == cell.branch);
        match group {
            Some((cells, _)) => cells.push(cell),
            None => groups.push((vec![cell], reason)),
        }
    }
    groups
}

/// Cells of one branch, by what they have in common.
fn name_all(cells: &[&Cell]) -> String {
    let first = cells[0];
    let many = |word: &str| plural(cells.len() as u64, word);
    if cells.len() == 1 {
        first.to_string()
    } else if cells.iter().all(|cell| cell.python == first.python) {
        format!(
            "{} on Python {}, {}",
            first.branch,
            first.python,
            many("database")
        )
    } else if cells.iter().all(|cell| cell.database == first.database) {
        format!("{} on {}, {}", first.branch, first.database, many("Python"))
    } else {
        format!("{}, {}", first.branch, many("cell"))
    }
}
