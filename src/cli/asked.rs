use std::path::Path;
use std::sync::Arc;

use super::args::SelectOptions;
use super::error::CliError;
use super::matrix_file::read_spec;
use super::sources;
use crate::matrix::{Budget, Filters, Matrix, Selection, Support, choose, expand};
use crate::plan::jobs_for;
use crate::progress::Fetching;
use crate::source::Candidate;
use crate::spec::Spec;
use crate::store::Estimates;

/// What was asked for: the trees that could be tested, what they support, and
/// the cells to test them in.
pub struct Asked {
    pub spec: Spec,
    pub candidates: Vec<Candidate>,
    pub branches: Vec<(Arc<str>, Support)>,
    pub matrix: Matrix,
}

/// Reads the matrix file and what the sources support, and works out the cells.
pub fn ask(
    options: &SelectOptions,
    cache: &Path,
    fetching: &Fetching,
    estimates: &dyn Fn() -> Estimates,
) -> Result<Asked, CliError> {
    let spec = read_spec(options)?;
    let selection = Selection::new(
        Filters {
            pythons: &options.python,
            databases: &options.database,
            variants: &options.variant,
        },
        &spec,
    )?;
    let candidates = sources::candidates(options, &spec, cache, fetching)?;
    let mut branches: Vec<(Arc<str>, Support)> = Vec::new();
    for candidate in &candidates {
        let support = Support::read(candidate).map_err(|error| CliError::Support {
            branch: candidate.branch.clone(),
            error,
        })?;
        branches.push((candidate.branch.as_str().into(), support));
    }
    let mut matrix = expand(&spec, &branches, &selection);
    if let Some(unmatched) = matrix.unmatched.first() {
        return Err(CliError::Usage(unmatched.to_string()));
    }
    let estimates = options.budget.map(|total| (total, estimates()));
    let seconds = |cell: &_| {
        let (_, estimates) = estimates.as_ref()?;
        Some(estimates.seconds(cell))
    };
    let seconds = |cell: &_| seconds(cell).unwrap_or_default();
    let budget = estimates.as_ref().map(|(total, _)| Budget {
        total: *total,
        jobs: options.jobs.unwrap_or_else(jobs_here),
        seconds: &seconds,
    });
    choose(&mut matrix, options.cover.into(), budget.as_ref());
    Ok(Asked {
        spec,
        candidates,
        branches,
        matrix,
    })
}

/// How many cells this machine runs at once, without asking an engine.
fn jobs_here() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    jobs_for(u32::try_from(cores).unwrap_or(1), u64::MAX)
}
