use std::sync::Arc;

use super::{Selection, Support};
use crate::model::{Cell, DatabaseKind, DatabaseSpec, PythonSpec};
use crate::spec::{
    CellGlobs, DatabaseChoice, PLAIN, Pattern, Placed, PythonChoice, Releases, Spec, VariantChoice,
    fits,
};

/// Everything that could be a cell of one branch: three axes, and which of their
/// combinations the matrix file asks for.
pub struct Axes {
    pub pythons: Vec<PythonSpec>,
    pub databases: Vec<DatabaseSpec>,
    pub variants: Vec<VariantChoice>,
    /// What the file's lists make, then what each include adds.
    pub products: Vec<Mask>,
}

/// A value of each axis, by index.
pub type Combination = (usize, usize, usize);

/// Some values of each axis, by index: a matrix may have a million cells, and
/// globs are matched for each value once.
pub struct Mask {
    pub pythons: Vec<bool>,
    pub databases: Vec<bool>,
    pub variants: Vec<bool>,
}

/// Values of the three axes before they have indexes.
struct Product {
    pythons: Vec<PythonSpec>,
    databases: Vec<DatabaseSpec>,
    variants: Vec<VariantChoice>,
}

impl Mask {
    /// Whether a combination is in it.
    pub fn has(&self, (python, database, variant): Combination) -> bool {
        self.pythons[python] && self.databases[database] && self.variants[variant]
    }

    /// Whether some combination is in both.
    pub fn meets(&self, other: &Self) -> bool {
        let both = |a: &[bool], b: &[bool]| a.iter().zip(b).any(|(a, b)| *a && *b);
        both(&self.pythons, &other.pythons)
            && both(&self.databases, &other.databases)
            && both(&self.variants, &other.variants)
    }
}

impl Axes {
    /// The axes of a branch, with what the user's selection adds to them.
    pub fn of(spec: &Spec, branch: &str, support: &Support, selection: &Selection) -> Self {
        let listed = Product::listed(spec, support, selection);
        let mut products = Vec::new();
        for include in &spec.includes {
            if fits(include.branch.as_ref(), branch) {
                let or = |named: &Option<Vec<Placed<DatabaseChoice>>>| match named {
                    Some(named) => resolve_databases(values(named), support, &spec.releases),
                    None => listed.databases.clone(),
                };
                products.push(Product {
                    pythons: match &include.pythons {
                        Some(named) => resolve_pythons(named, support),
                        None => listed.pythons.clone(),
                    },
                    databases: or(&include.databases),
                    variants: match &include.variants {
                        Some(named) => values(named).collect(),
                        None => listed.variants.clone(),
                    },
                });
            }
        }
        products.insert(0, listed);

        let pythons = union(products.iter().map(|product| &product.pythons));
        let databases = union(products.iter().map(|product| &product.databases));
        let variants = union(products.iter().map(|product| &product.variants));
        let products = products
            .iter()
            .map(|product| Mask {
                pythons: mask(&pythons, |value| product.pythons.contains(value)),
                databases: mask(&databases, |value| product.databases.contains(value)),
                variants: mask(&variants, |value| product.variants.contains(value)),
            })
            .collect();
        Self {
            pythons,
            databases,
            variants,
            products,
        }
    }

    /// Where the globs of a rule match, the branch aside.
    pub fn matching(&self, globs: &CellGlobs) -> Mask {
        let [python, database, variant] =
            [&globs.python, &globs.database, &globs.variant].map(Option::as_ref);
        Mask {
            pythons: mask(&self.pythons, |value| fits_value(python, value)),
            databases: mask(&self.databases, |value| fits_value(database, value)),
            variants: mask(&self.variants, |value| {
                fits(variant, value.as_deref().unwrap_or(PLAIN))
            }),
        }
    }

    /// Every combination, Python by Python.
    pub fn combinations(&self) -> impl Iterator<Item = Combination> {
        let (databases, variants) = (self.databases.len(), self.variants.len());
        (0..self.pythons.len()).flat_map(move |python| {
            (0..databases).flat_map(move |database| {
                (0..variants).map(move |variant| (python, database, variant))
            })
        })
    }

    /// The cell at a combination.
    pub fn cell(&self, branch: &Arc<str>, (python, database, variant): Combination) -> Cell {
        Cell {
            branch: Arc::clone(branch),
            python: self.pythons[python],
            database: self.databases[database],
            variant: self.variants[variant].clone(),
        }
    }
}

impl Product {
    /// What the lists of the file make, and what the selection adds to them.
    fn listed(spec: &Spec, support: &Support, selection: &Selection) -> Self {
        let mut pythons = resolve_pythons(&spec.pythons, support);
        pythons.extend(selection.exact_pythons());
        let choices: Vec<DatabaseChoice> = values(&spec.databases).collect();
        let more = selection.missing_databases(&choices);
        let named = selection.exact_databases();
        let all = choices.into_iter().chain(more).chain(named);
        let mut variants: Vec<VariantChoice> = values(&spec.variants).collect();
        variants.extend(selection.asked_variants(&spec.definitions));
        Self {
            pythons: union([&pythons]),
            databases: resolve_databases(all, support, &spec.releases),
            variants: union([&variants]),
        }
    }
}

fn values<T: Clone>(placed: &[Placed<T>]) -> impl Iterator<Item = T> {
    placed.iter().map(|placed| placed.value.clone())
}

fn resolve_pythons(choices: &[Placed<PythonChoice>], support: &Support) -> Vec<PythonSpec> {
    let supported = support.python_specs();
    let all: Vec<_> = values(choices)
        .flat_map(|choice| choice.resolve(&supported))
        .collect();
    union([&all])
}

/// The databases that a branch has for these choices.
pub fn resolve_databases(
    choices: impl IntoIterator<Item = DatabaseChoice>,
    support: &Support,
    releases: &Releases,
) -> Vec<DatabaseSpec> {
    let supported = |kind: DatabaseKind| match support.databases.get(&kind) {
        Some((minimum, _)) => releases.from(kind, minimum),
        None => Vec::new(),
    };
    let all: Vec<DatabaseSpec> = choices
        .into_iter()
        .flat_map(|choice| match choice {
            DatabaseChoice::Exact(spec) => vec![spec],
            DatabaseChoice::Min(kind) => supported(kind).into_iter().take(1).collect(),
            DatabaseChoice::Max(kind) => supported(kind).pop().into_iter().collect(),
            DatabaseChoice::Every(kind) => supported(kind),
        })
        .collect();
    union([&all])
}

/// Each value once, where it comes first.
fn union<'a, T: Clone + PartialEq + 'a>(lists: impl IntoIterator<Item = &'a Vec<T>>) -> Vec<T> {
    let mut union: Vec<T> = Vec::new();
    for value in lists.into_iter().flatten() {
        if !union.contains(value) {
            union.push(value.clone());
        }
    }
    union
}

fn mask<T>(values: &[T], matches: impl FnMut(&T) -> bool) -> Vec<bool> {
    values.iter().map(matches).collect()
}

fn fits_value(pattern: Option<&Pattern>, value: &impl ToString) -> bool {
    pattern.is_none_or(|pattern| pattern.matches(&value.to_string()))
}
