use std::fmt;
use std::sync::Arc;

use super::Support;
use super::evidence::{Evidence, Inquiry};
use super::expand::{Matrix, expand};
use super::select::{Filters, SelectError, Selection};
use super::unsupported::{unsupported_database, unsupported_python};
use crate::model::Cell;
use crate::spec::{Spec, Variant};

/// Why a cell is in a matrix or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Which.
    pub cell: Cell,
    /// Whether it runs.
    pub verdict: Verdict,
    /// What speaks for it, part by part, each with the line that says so.
    pub evidence: Vec<Evidence>,
}

/// What becomes of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It runs.
    Runs,
    /// It is left out, for this reason.
    LeftOut(Arc<str>),
    /// The matrix does not have it, for lack of these.
    Absent(Vec<String>),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs => f.write_str("runs"),
            Self::LeftOut(reason) => write!(f, "is left out: {reason}"),
            Self::Absent(lacks) => write!(f, "is not in this matrix: {}", lacks.join("; ")),
        }
    }
}

/// Explains a cell of a branch that the source has.
///
/// # Errors
/// When the cell names something that cannot exist.
pub fn explain(
    spec: &Spec,
    (branch, support): (&Arc<str>, &Support),
    cell: &Cell,
) -> Result<Explanation, SelectError> {
    let (python, database) = (cell.python.to_string(), cell.database.to_string());
    let variant = cell.variant.as_deref().map(str::to_owned);
    // Whether its parts can exist at all.
    Selection::new(
        Filters {
            pythons: std::slice::from_ref(&python),
            databases: std::slice::from_ref(&database),
            variants: variant.as_slice(),
        },
        spec,
    )?;
    let branches = [(Arc::clone(branch), support.clone())];
    let matrix = expand(spec, &branches, &Selection::default());
    let (evidence, lacks) = Inquiry::of(spec, branch, support, cell);
    let verdict = match find(&matrix, cell) {
        Some(verdict) => verdict,
        None => Verdict::Absent(why_absent(spec, branch, support, cell, lacks)),
    };
    Ok(Explanation {
        cell: cell.clone(),
        verdict,
        evidence,
    })
}

fn find(matrix: &Matrix, cell: &Cell) -> Option<Verdict> {
    if matrix.cells.contains(cell) {
        return Some(Verdict::Runs);
    }
    let excluded = matrix.excluded.iter().find(|out| out.cell == *cell)?;
    Some(Verdict::LeftOut(Arc::clone(&excluded.reason)))
}

fn why_absent(
    spec: &Spec,
    branch: &str,
    support: &Support,
    cell: &Cell,
    mut lacks: Vec<String>,
) -> Vec<String> {
    lacks.extend(unsupported_python(branch, cell.python, support).map(|why| why.to_string()));
    lacks.extend(unsupported_database(branch, cell.database, support).map(|why| why.to_string()));
    if lacks.is_empty() {
        lacks.push(spec.variant(cell.variant.as_deref()).map_or_else(
            || "each part is asked for, but by different entries".to_owned(),
            Variant::scope,
        ));
    }
    lacks
}
