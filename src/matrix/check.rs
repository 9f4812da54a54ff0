use std::sync::Arc;

use super::Matrix;
use crate::model::{Cell, plural};
use crate::spec::{Claim, Expect, Pattern, Spec, fits};

/// What became of one expectation of a matrix file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check<'a> {
    /// Which.
    pub expect: &'a Expect,
    /// Whether it held.
    pub verdict: CheckVerdict,
}

/// Whether an expectation held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckVerdict {
    /// It did.
    Held,
    /// The source has no branch that it is about.
    NotHere,
    /// It did not, because of this.
    Broken(String),
}

/// Compares a matrix without filters with what its file expects of it, on the
/// branches that the source has.
pub fn check<'a>(spec: &'a Spec, matrix: &Matrix, branches: &[Arc<str>]) -> Vec<Check<'a>> {
    spec.expects
        .iter()
        .filter_map(|expect| {
            let verdict = verdict(expect, matrix, branches)?;
            Some(Check { expect, verdict })
        })
        .collect()
}

/// None for what is not about the matrix.
fn verdict(expect: &Expect, matrix: &Matrix, branches: &[Arc<str>]) -> Option<CheckVerdict> {
    let is_about = |branch: &str| fits(expect.branch.as_ref(), branch);
    let about: Vec<&Arc<str>> = branches.iter().filter(|branch| is_about(branch)).collect();
    if about.is_empty() && !matches!(expect.claim, Claim::Requests { .. }) {
        return Some(CheckVerdict::NotHere);
    }
    let cells = || matrix.cells.iter().filter(|cell| is_about(&cell.branch));
    let running = |pattern: &Pattern| cells().find(|cell| matches(pattern, cell));
    let broken = match &expect.claim {
        Claim::Runs(pattern) => match running(pattern) {
            Some(_) => None,
            None => Some(
                match left_out(matrix, pattern).find(|(cell, _)| is_about(&cell.branch)) {
                    Some((cell, reason)) => format!("{cell} is left out: {reason}"),
                    None => "no such cell".to_owned(),
                },
            ),
        },
        Claim::LeftOut {
            cell: pattern,
            because,
        } => {
            let mut out = left_out(matrix, pattern).filter(|(cell, _)| is_about(&cell.branch));
            match (running(pattern), because) {
                (Some(cell), _) => Some(format!("{cell} runs")),
                (None, None) => out.next().is_none().then(|| "no such cell".to_owned()),
                (None, Some(because)) => {
                    let reasons: Vec<_> = out.collect();
                    let other = reasons
                        .iter()
                        .find(|(_, reason)| !reason.contains(&**because));
                    match other {
                        Some((cell, reason)) => {
                            Some(format!("{cell} is left out for another reason: {reason}"))
                        }
                        None => reasons.is_empty().then(|| "no such cell".to_owned()),
                    }
                }
            }
        }
        Claim::Count(expected) => about.into_iter().find_map(|branch| {
            let found = cells().filter(|cell| cell.branch == *branch).count();
            (found != *expected).then(|| format!("{branch} has {}", plural(found as u64, "cell")))
        }),
        Claim::Requests { .. } => return None,
    };
    Some(broken.map_or(CheckVerdict::Held, CheckVerdict::Broken))
}

fn matches(pattern: &Pattern, cell: &Cell) -> bool {
    pattern.matches(&cell.to_string())
}

fn left_out<'a>(
    matrix: &'a Matrix,
    pattern: &'a Pattern,
) -> impl Iterator<Item = (&'a Cell, &'a str)> {
    matrix
        .excluded
        .iter()
        .filter(|out| matches(pattern, &out.cell))
        .map(|out| (&out.cell, &*out.reason))
}
