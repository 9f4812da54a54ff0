use serde_json::{Value, json};

use crate::matrix::Matrix;
use crate::model::Cell;
use crate::run::Asked;

/// The names of the cells that run, a line each.
pub fn list(matrix: &Matrix) -> String {
    matrix
        .cells
        .iter()
        .map(|cell| format!("{cell}\n"))
        .collect()
}

/// Everything, for programs.
pub fn json(asked: &Asked) -> String {
    let revisions: Vec<Value> = asked
        .candidates
        .iter()
        .map(|candidate| {
            json!({
                "branch": candidate.branch,
                "source": candidate.source,
                "commit": candidate.commit,
                "worktree": candidate.is_worktree(),
            })
        })
        .collect();
    let cells: Vec<Value> = asked.matrix.cells.iter().map(as_json).collect();
    let left_out: Vec<Value> = asked
        .matrix
        .excluded
        .iter()
        .map(|excluded| {
            let mut value = as_json(&excluded.cell);
            value["reason"] = json!(*excluded.reason);
            value
        })
        .collect();
    let whole = json!({
        "matrix": asked.spec.name,
        "revisions": revisions,
        "cells": cells,
        "left_out": left_out,
    });
    format!("{whole:#}\n")
}

/// What GitHub Actions takes for `strategy.matrix`, on one line, as an output of a
/// step has to be:
/// <https://docs.github.com/actions/using-jobs/using-a-matrix-for-your-jobs>.
pub fn github(matrix: &Matrix) -> String {
    let include: Vec<Value> = matrix.cells.iter().map(as_json).collect();
    format!("{}\n", json!({ "include": include }))
}

fn as_json(cell: &Cell) -> Value {
    json!({
        "cell": cell.to_string(),
        "branch": *cell.branch,
        "python": cell.python,
        "database": cell.database,
        "variant": cell.variant.as_deref().unwrap_or("plain"),
    })
}
