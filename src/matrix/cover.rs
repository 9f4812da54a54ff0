use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::expand::{Excluded, Matrix};
use crate::model::{Cell, DatabaseKind, DatabaseSpec, PythonSpec, duration};

/// Which cells of a matrix are worth their time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cover {
    /// All of them.
    #[default]
    All,
    /// The fewest that touch every pair of values.
    Pairwise,
    /// The fewest that touch every value.
    Each,
    /// The fewest that touch the oldest and the newest of everything.
    MinMax,
}

/// A time to spend, and what each cell is thought to take.
pub struct Budget<'a> {
    /// The time of the whole run.
    pub total: Duration,
    /// How many cells run at once.
    pub jobs: u32,
    /// Seconds a cell takes, recorded or estimated.
    pub seconds: &'a dyn Fn(&Cell) -> f64,
}

impl Budget<'_> {
    /// Why a cell that takes so long is left out.
    fn spent(&self, seconds: f64) -> String {
        let (total, more) = (duration(self.total.as_secs_f64()), duration(seconds));
        format!("--budget {total}: it would take {more} more")
    }
}

/// A value of an axis, or a pair of them, that some cell has to touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Target(u32, u32);

/// Keeps the fewest cells that touch all that `cover` wants, best first, as far
/// as the budget goes; the others are left out with that reason.
///
/// Finding the very fewest is NP-hard; this is the greedy choice, which always
/// takes the cell with the most that is new; of equals the shortest, then the one
/// whose values were taken least, then the first.
pub fn choose(matrix: &mut Matrix, cover: Cover, budget: Option<&Budget<'_>>) {
    if cover == Cover::All && budget.is_none() {
        return;
    }
    let cells = std::mem::take(&mut matrix.cells);
    let Aims { values, targets } = Aims::of(&cells, cover);
    let mut taken: HashMap<u32, u32> = HashMap::new();
    let seconds: Vec<f64> = match budget {
        Some(budget) => cells.iter().map(budget.seconds).collect(),
        None => vec![1.0; cells.len()],
    };
    let mut left = budget.map_or(f64::INFINITY, |budget| {
        budget.total.as_secs_f64() * f64::from(budget.jobs)
    });
    let longest = budget.map_or(f64::INFINITY, |budget| budget.total.as_secs_f64());
    let mut touched: HashSet<Target> = HashSet::new();
    let mut waiting: Vec<usize> = (0..cells.len()).collect();
    let mut reasons: Vec<Option<String>> = vec![None; cells.len()];
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let gain = |index: usize| {
            let new = targets[index]
                .iter()
                .filter(|target| !touched.contains(target));
            new.count()
        };
        let usual = |index: usize| -> u32 {
            let values = values[index].iter();
            values.filter_map(|value| taken.get(value)).sum()
        };
        let best = waiting
            .iter()
            .enumerate()
            .map(|(position, index)| (position, *index, gain(*index)))
            .max_by(|a, b| {
                a.2.cmp(&b.2)
                    .then(seconds[b.1].total_cmp(&seconds[a.1]))
                    .then(usual(b.1).cmp(&usual(a.1)))
                    .then(b.1.cmp(&a.1))
            });
        let Some((position, index, gain)) = best else {
            break;
        };
        let shortest = waiting.iter().map(|index| seconds[*index]);
        if shortest.fold(f64::INFINITY, f64::min) > left.min(longest) {
            for index in waiting.drain(..) {
                reasons[index] = budget.map(|budget| budget.spent(seconds[index]));
            }
            break;
        }
        if gain == 0 && cover != Cover::All {
            for index in waiting.drain(..) {
                reasons[index] = Some(cover.enough().to_owned());
            }
            break;
        }
        waiting.remove(position);
        if seconds[index] > left || seconds[index] > longest {
            reasons[index] = budget.map(|budget| budget.spent(seconds[index]));
            continue;
        }
        left -= seconds[index];
        touched.extend(targets[index].iter().copied());
        for value in values[index] {
            *taken.entry(value).or_default() += 1;
        }
        order.push(index);
    }
    let mut cells: Vec<Option<Cell>> = cells.into_iter().map(Some).collect();
    for index in order {
        matrix.cells.extend(cells[index].take());
    }
    for (cell, reason) in cells.into_iter().zip(reasons) {
        if let (Some(cell), Some(reason)) = (cell, reason) {
            matrix.excluded.push(Excluded {
                cell,
                reason: reason.into(),
            });
        }
    }
}

impl Cover {
    /// Why a cell need not run.
    const fn enough(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Pairwise => "--cover pairwise: other cells touch each of its pairs",
            Self::Each => "--cover each: other cells touch each of its values",
            Self::MinMax => "--cover min-max: other cells touch the oldest and newest of it",
        }
    }
}

/// The values of each cell, and what it touches of that which is wanted.
struct Aims {
    values: Vec<[u32; 4]>,
    targets: Vec<Vec<Target>>,
}

impl Aims {
    fn of(cells: &[Cell], cover: Cover) -> Self {
        let mut numbers = Numbers::default();
        let extremes = Extremes::of(cells);
        let values: Vec<[u32; 4]> = cells.iter().map(|cell| numbers.values(cell)).collect();
        let targets = cells
            .iter()
            .zip(&values)
            .map(|(cell, values)| match cover {
                Cover::All | Cover::Pairwise => pairs(*values),
                Cover::Each => values.map(|value| Target(value, value)).into(),
                // On each branch for itself: what is newest there is old elsewhere.
                Cover::MinMax if extremes.have(cell) => {
                    let [branch, others @ ..] = *values;
                    others.map(|value| Target(branch, value)).into()
                }
                Cover::MinMax => Vec::new(),
            })
            .collect();
        Self { values, targets }
    }
}

fn pairs(values: [u32; 4]) -> Vec<Target> {
    let mut pairs = Vec::with_capacity(6);
    for (index, first) in values.iter().enumerate() {
        for second in &values[index + 1..] {
            pairs.push(Target(*first, *second));
        }
    }
    pairs
}

/// Small numbers for words.
#[derive(Default)]
struct Numbers(BTreeMap<String, u32>);

impl Numbers {
    fn of(&mut self, word: &str) -> u32 {
        if let Some(number) = self.0.get(word) {
            return *number;
        }
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(word.to_owned(), number);
        number
    }

    /// Of the parts of a cell: its branch first.
    fn values(&mut self, cell: &Cell) -> [u32; 4] {
        [
            self.of(&format!("branch {}", cell.branch)),
            self.of(&format!("python{}", cell.python)),
            self.of(&format!("database {}", cell.database)),
            self.of(&format!("variant {:?}", cell.variant)),
        ]
    }
}

/// The oldest and the newest of each branch.
struct Extremes<'a> {
    pythons: BTreeMap<&'a str, [PythonSpec; 2]>,
    databases: BTreeMap<(&'a str, DatabaseKind), [DatabaseSpec; 2]>,
}

impl<'a> Extremes<'a> {
    fn of(cells: &'a [Cell]) -> Self {
        let mut extremes = Self {
            pythons: BTreeMap::new(),
            databases: BTreeMap::new(),
        };
        for cell in cells {
            let pythons = extremes
                .pythons
                .entry(&cell.branch)
                .or_insert([cell.python; 2]);
            *pythons = [pythons[0].min(cell.python), pythons[1].max(cell.python)];
            let key = (&*cell.branch, cell.database.kind);
            let databases = extremes.databases.entry(key).or_insert([cell.database; 2]);
            *databases = [
                databases[0].min(cell.database),
                databases[1].max(cell.database),
            ];
        }
        extremes
    }

    /// Whether a cell is at an end of everything.
    fn have(&self, cell: &Cell) -> bool {
        let branch = &*cell.branch;
        self.pythons[branch].contains(&cell.python)
            && self.databases[&(branch, cell.database.kind)].contains(&cell.database)
    }
}
