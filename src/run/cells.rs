use std::path::Path;
use std::sync::Arc;

use super::matrix_file::read_spec;
use super::{RunError, Scope, candidates};
use crate::event::{Notice, NoticeKind};
use crate::matrix::{Budget, Filters, Matrix, Selection, Support, choose, expand};
use crate::plan::jobs_for;
use crate::source::{Candidate, OnTransfer};
use crate::spec::Spec;
use crate::store::Estimates;

/// What was asked for, as it is here and now: the trees that could be tested, what
/// they support, and the cells to test them in.
pub struct Asked {
    /// The matrix file.
    pub spec: Spec,
    /// The trees.
    pub candidates: Vec<Candidate>,
    /// What each supports.
    pub branches: Vec<(Arc<str>, Support)>,
    /// The cells, and those left out.
    pub matrix: Matrix,
    /// What is other than it was asked for.
    pub notices: Vec<Notice>,
}

/// Reads the matrix file and what the sources support, and works out the cells.
///
/// # Errors
/// When the file or a filter is wrong, or a source cannot be read.
pub fn ask(
    scope: &Scope,
    cache: &Path,
    on_transfer: &OnTransfer<'_>,
    estimates: &dyn Fn() -> Estimates,
) -> Result<Asked, RunError> {
    let spec = read_spec(scope)?;
    let selection = Selection::new(
        Filters {
            pythons: &scope.pythons,
            databases: &scope.databases,
            variants: &scope.variants,
        },
        &spec,
    )?;
    let (candidates, mut notices) = candidates::candidates(scope, &spec, cache, on_transfer)?;
    let mut branches: Vec<(Arc<str>, Support)> = Vec::new();
    for candidate in &candidates {
        let support = Support::read(candidate).map_err(|error| RunError::Support {
            branch: candidate.branch.clone(),
            error,
        })?;
        branches.push((candidate.branch.as_str().into(), support));
    }
    let mut matrix = expand(&spec, &branches, &selection);
    if let Some(unmatched) = matrix.unmatched.first() {
        return Err(RunError::Request(unmatched.to_string()));
    }
    let estimates = scope.budget.map(|total| (total, estimates()));
    let seconds = |cell: &_| {
        let (_, estimates) = estimates.as_ref()?;
        Some(estimates.seconds(cell))
    };
    let seconds = |cell: &_| seconds(cell).unwrap_or_default();
    let budget = estimates.as_ref().map(|(total, _)| Budget {
        total: *total,
        jobs: scope.jobs.unwrap_or_else(jobs_here),
        seconds: &seconds,
    });
    choose(&mut matrix, scope.cover, budget.as_ref());
    let idle = matrix.idle.iter();
    notices.extend(idle.map(|idle| Notice::new(NoticeKind::LeftOut, idle.to_string())));
    Ok(Asked {
        spec,
        candidates,
        branches,
        matrix,
        notices,
    })
}

/// How many cells this machine runs at once, without asking an engine.
fn jobs_here() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    jobs_for(u32::try_from(cores).unwrap_or(1), u64::MAX)
}
