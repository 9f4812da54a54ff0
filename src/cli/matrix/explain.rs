use crate::cli::error::CliError;
use crate::cli::error::Outcome;
use crate::cli::exit::Exit;
use crate::cli::say::say;
use crate::matrix::{Verdict, explain as why};
use crate::model::Cell;
use crate::run::Asked;
use crate::spec::Pattern;

/// Tells of a cell, or of each that a glob matches, why it is in or out.
pub fn explain(typed: &str, asked: &Asked) -> Outcome {
    let cells = cells(typed, asked)?;
    let mut text = String::new();
    for cell in &cells {
        let branch = asked.branches.iter().find(|(name, _)| *name == cell.branch);
        let Some((name, support)) = branch else {
            let known: Vec<&str> = asked.branches.iter().map(|(name, _)| &**name).collect();
            return Err(CliError::Usage(format!(
                "--explain {typed}: this source has no {}; it has {}",
                cell.branch,
                known.join(", ")
            )));
        };
        let explanation = why(&asked.spec, (name, support), cell)?;
        let verdict = match (&explanation.verdict, filtered(cell, asked)) {
            (Verdict::Runs, Some(filter)) => filter,
            (verdict, _) => verdict.to_string(),
        };
        text.push_str(&format!("{cell} {verdict}\n"));
        for evidence in &explanation.evidence {
            text.push_str(&format!("  {:9} {}\n", evidence.part, evidence.text));
        }
    }
    say(&text)?;
    Ok(Exit::Passed)
}

/// What the filters make of a cell that the file alone would run.
fn filtered(cell: &Cell, asked: &Asked) -> Option<String> {
    if asked.matrix.cells.contains(cell) {
        return None;
    }
    let left_out = asked.matrix.excluded.iter().find(|out| out.cell == *cell);
    Some(match left_out {
        Some(out) => format!("is left out: {}", out.reason),
        None => "is in the matrix, and the filters leave it out".to_owned(),
    })
}

fn cells(typed: &str, asked: &Asked) -> Result<Vec<Cell>, CliError> {
    if let Ok(cell) = typed.parse() {
        return Ok(vec![cell]);
    }
    let refuse = |problem: String| CliError::Usage(format!("--explain {typed}: {problem}"));
    let pattern = Pattern::new(typed).map_err(refuse)?;
    let all = asked.matrix.cells.iter();
    let all = all.chain(asked.matrix.excluded.iter().map(|out| &out.cell));
    let found: Vec<Cell> = all
        .filter(|cell| pattern.matches(&cell.to_string()))
        .cloned()
        .collect();
    if found.is_empty() {
        return Err(refuse(
            "no cell is called so; `djbuild matrix --format list` names them, as in \
             main-python3.14-postgresql17"
                .to_owned(),
        ));
    }
    Ok(found)
}
