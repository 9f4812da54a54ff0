use std::sync::Arc;

use super::Support;
use super::axes::{Axes, Mask};
use super::select::Selection;
use super::unsupported::{unsupported_database, unsupported_python};
use super::usage::{Unmatched, Usage};
use crate::model::Cell;
use crate::spec::{CellGlobs, Exclude, Place, Spec, Variant, fits};

/// The set of cells, with a reason for each one left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matrix {
    /// The cells, in the order the spec gives: branch, Python, database, variant.
    pub cells: Vec<Cell>,
    /// What was left out.
    pub excluded: Vec<Excluded>,
    /// Rules that match no cell of the branches they are for.
    pub idle: Vec<IdleRule>,
    /// Filters of the user that match nothing, and what there is.
    pub unmatched: Vec<Unmatched>,
}

/// A cell that was asked for and is not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Which.
    pub cell: Cell,
    /// Why, citing the matrix file's rule or the checkout's line.
    pub reason: Arc<str>,
}

/// A rule that matches no cell of the branches it is for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: this exclude ({globs}) matches no cell")]
pub struct IdleRule {
    /// Where it is.
    pub place: Place,
    /// What it asks for.
    pub globs: CellGlobs,
}

/// Expands a spec over the branches a source has and what each supports.
/// Cells the user's selection does not want are not mentioned at all.
pub fn expand(spec: &Spec, branches: &[(Arc<str>, Support)], selection: &Selection) -> Matrix {
    let mut matrix = Matrix::default();
    let mut idle: Vec<Option<bool>> = vec![None; spec.excludes.len()];
    let mut usage = Usage::of(selection);
    for (branch, support) in branches {
        let axes = Axes::of(spec, branch, support, selection);
        let wanted = usage.wanted(&axes, spec, support);
        let rules: Vec<Rule> = spec
            .excludes
            .iter()
            .enumerate()
            .filter(|(_, exclude)| fits(exclude.globs.branch.as_ref(), branch))
            .map(|(index, exclude)| {
                let rule = Rule::new(exclude, &axes);
                let meets = axes
                    .products
                    .iter()
                    .any(|product| product.meets(&rule.mask));
                idle[index] = Some(idle[index].unwrap_or(true) && !meets);
                rule
            })
            .collect();
        let place = (spec, branch, support);
        expand_branch(&mut matrix, place, &axes, &wanted, &rules, selection);
    }
    let idle = spec
        .excludes
        .iter()
        .zip(idle)
        .filter(|(_, idle)| *idle == Some(true));
    matrix.idle = idle
        .map(|(exclude, _)| IdleRule {
            place: exclude.place.clone(),
            globs: exclude.globs.clone(),
        })
        .collect();
    matrix.unmatched = usage.unmatched();
    matrix
}

struct Rule {
    mask: Mask,
    reason: Arc<str>,
}

impl Rule {
    fn new(exclude: &Exclude, axes: &Axes) -> Self {
        Self {
            mask: axes.matching(&exclude.globs),
            reason: format!("{} ({})", exclude.reason, exclude.place).into(),
        }
    }
}

/// Where a variant makes sense, and what is said where it does not.
struct Applies {
    mask: Mask,
    reason: Arc<str>,
}

impl Applies {
    fn new(variant: &Variant, branch: &str, axes: &Axes) -> Self {
        let mut mask = axes.matching(&variant.only);
        if !fits(variant.only.branch.as_ref(), branch) {
            mask.pythons.fill(false);
        }
        Self {
            mask,
            reason: variant.scope().into(),
        }
    }
}

fn expand_branch(
    matrix: &mut Matrix,
    (spec, branch, support): (&Spec, &Arc<str>, &Support),
    axes: &Axes,
    wanted: &Mask,
    rules: &[Rule],
    selection: &Selection,
) {
    let pythons: Vec<Option<Arc<str>>> = axes
        .pythons
        .iter()
        .map(|python| unsupported_python(branch, *python, support))
        .collect();
    let databases: Vec<Option<Arc<str>>> = axes
        .databases
        .iter()
        .map(|database| unsupported_database(branch, *database, support))
        .collect();
    let variants: Vec<Option<Applies>> = axes
        .variants
        .iter()
        .map(|name| {
            let defined = spec.variant(name.as_deref())?;
            Some(Applies::new(defined, branch, axes))
        })
        .collect();
    for at in axes.combinations() {
        let (python, database, variant) = at;
        if !wanted.has(at) || !axes.products.iter().any(|product| product.has(at)) {
            continue;
        }
        let cell = axes.cell(branch, at);
        let applies = variants[variant]
            .as_ref()
            .filter(|applies| !applies.mask.has(at));
        // A variant is for some cells; of the others nobody asked, unless by its
        // name.
        if applies.is_some() && !selection.names_variant(cell.variant.as_deref()) {
            continue;
        }
        let rule = rules.iter().find(|rule| rule.mask.has(at));
        let reason = rule
            .map(|rule| &rule.reason)
            .or(pythons[python].as_ref())
            .or(databases[database].as_ref())
            .or(applies.map(|applies| &applies.reason));
        match reason {
            Some(reason) => matrix.excluded.push(Excluded {
                cell,
                reason: Arc::clone(reason),
            }),
            None => matrix.cells.push(cell),
        }
    }
}
