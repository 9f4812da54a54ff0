//! A million cells expanded and filtered, against the plain way: every
//! combination made, and every glob matched on every cell.

#[path = "shared/peak.rs"]
mod peak;

use std::sync::Arc;
use std::time::Instant;

use djbuild::matrix::{Citation, Filters, Selection, Support, expand};
use djbuild::model::{Cell, DatabaseKind, DatabaseSpec, PythonSpec, Version};
use djbuild::spec::{CellGlobs, MatrixText, Releases, Spec, parse};

/// A thousand branches × 25 Pythons × 40 databases.
const BRANCHES: usize = 1000;
const PAIRS: usize = 5;

fn main() {
    let (spec, branches) = (spec(), branches());
    let filters = ["3.*".to_owned()];
    let filters = Filters {
        pythons: &filters,
        ..Filters::default()
    };
    let selection = Selection::new(filters, &spec).expect("a glob");
    let (mut ours, mut ratios, mut cells) = (Vec::new(), Vec::new(), 0);
    for _ in 0..PAIRS {
        let began = Instant::now();
        let matrix = expand(&spec, &branches, &selection);
        let seconds = began.elapsed().as_secs_f64();
        cells = matrix.cells.len() + matrix.excluded.len();
        let (kept, left_out) = (matrix.cells.len(), matrix.excluded.len());
        drop(matrix);
        let began = Instant::now();
        let plain = plain(&spec, &branches);
        let plain_seconds = began.elapsed().as_secs_f64();
        assert_eq!(plain, (kept, left_out), "both ways come to the same");
        ours.push(seconds);
        ratios.push(seconds / plain_seconds);
    }
    let all = BRANCHES * pythons().len() * spec.releases.of(DatabaseKind::Postgresql).len();
    println!(
        "{all} cells expanded, {cells} of them kept by the filter: {:.2} s (goal 1); \
         {:.3} of the plain way",
        median(ours),
        median(ratios),
    );
    // The plain way keeps nothing, so the peak is that of the matrix.
    println!("peak memory {} MiB (goal 190)", peak::memory());
}

fn spec() -> Spec {
    let pythons: Vec<String> = pythons()
        .iter()
        .map(|python| format!("\"{python}\""))
        .collect();
    let versions: Vec<String> = (1..=40).map(|version| format!("\"{version}\"")).collect();
    let text = format!(
        "branches = \"*\"\npythons = [{}]\ndatabases = \"postgresql:*\"\n\
         [releases]\npostgresql = [{}]\n\
         [[exclude]]\nbranch = \"topic/1*\"\npython = \"3.8*\"\nreason = \"old\"\n\
         [[exclude]]\ndatabase = \"postgresql[1-3]\"\npython = \"*t\"\nreason = \"new\"\n\
         [[exclude]]\nbranch = \"topic/99?\"\nreason = \"last\"\n",
        pythons.join(", "),
        versions.join(", ")
    );
    let file = MatrixText::new("million.toml", &text);
    parse(&file, &Releases::shipped(), &|_| Err(String::new())).expect("valid")
}

fn pythons() -> Vec<PythonSpec> {
    let words = (8..=16).flat_map(|minor| {
        [
            format!("3.{minor}"),
            format!("3.{minor}t"),
            format!("pypy3.{minor}"),
        ]
    });
    let all = words.map(|word| word.parse().expect("a Python"));
    all.take(25).collect()
}

fn branches() -> Vec<(Arc<str>, Support)> {
    let at = Citation {
        file: "pyproject.toml".to_owned(),
        line: 1,
    };
    let one: Version = "1".parse().expect("a version");
    let support = Support {
        pythons: (8..=16)
            .map(|minor| (PythonSpec::cpython(3, minor), at.clone()))
            .collect(),
        databases: [(DatabaseKind::Postgresql, (one, at))].into(),
    };
    (0..BRANCHES)
        .map(|number| (format!("topic/{number}").into(), support.clone()))
        .collect()
}

/// Kept and left out, by matching every glob on every cell.
fn plain(spec: &Spec, branches: &[(Arc<str>, Support)]) -> (usize, usize) {
    let (mut kept, mut left_out) = (0, 0);
    for (branch, _) in branches {
        for python in pythons() {
            for version in spec.releases.of(DatabaseKind::Postgresql) {
                let cell = Cell {
                    branch: Arc::clone(branch),
                    python,
                    database: DatabaseSpec::server(DatabaseKind::Postgresql, *version),
                    variant: None,
                };
                if !python.to_string().starts_with("3.") {
                    continue;
                }
                let globs = |globs: &CellGlobs| globs.match_cell(&cell);
                if spec.excludes.iter().any(|exclude| globs(&exclude.globs)) {
                    left_out += 1;
                } else {
                    kept += 1;
                }
            }
        }
    }
    (kept, left_out)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
