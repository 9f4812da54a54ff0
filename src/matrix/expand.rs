use globset::{Glob, GlobMatcher};

use super::{Releases, Selection, Support};
use crate::model::{Cell, DatabaseKind, DatabaseSpec, PythonSpec};
use crate::spec::{DatabaseChoice, Exclude, Spec};

/// The set of cells, with a reason for each one left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matrix {
    /// The cells, in the order the spec gives: branch, Python, database.
    pub cells: Vec<Cell>,
    /// What was left out.
    pub excluded: Vec<Excluded>,
}

/// A cell that was asked for and is not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Which.
    pub cell: Cell,
    /// Why, citing the matrix file's rule or the checkout's line.
    pub reason: String,
}

impl Matrix {
    fn mentions(&self, cell: &Cell) -> bool {
        self.cells.contains(cell) || self.excluded.iter().any(|out| out.cell == *cell)
    }
}

struct Rule<'a> {
    branch: Option<GlobMatcher>,
    python: Option<GlobMatcher>,
    database: Option<GlobMatcher>,
    reason: &'a str,
}

/// Expands a spec over the branches a source has and what each supports.
/// Cells the user's selection does not want are not mentioned at all.
pub fn expand(
    spec: &Spec,
    branches: &[(String, Support)],
    releases: &Releases,
    selection: &Selection,
) -> Matrix {
    let named = selection.exact_databases();
    let mut choices = spec.databases.clone();
    choices.extend(selection.missing_databases(&spec.databases));
    choices.extend(named.iter().cloned());
    let rules: Vec<Rule<'_>> = spec.excludes.iter().map(Rule::new).collect();
    let mut matrix = Matrix::default();
    for (branch, support) in branches {
        let mut pythons = spec.pythons.resolve(&support.python_specs());
        pythons.extend(selection.exact_pythons());
        let named = resolve_databases(&named, support, releases);
        for python in pythons {
            for database in resolve_databases(&choices, support, releases) {
                let cell = Cell {
                    branch: branch.clone(),
                    python,
                    database,
                    variant: None,
                };
                if !selection.wants(&cell, &named) || matrix.mentions(&cell) {
                    continue;
                }
                let unsupported = || unsupported(&cell, support);
                let rule = rules.iter().find(|rule| rule.matches(&cell));
                match rule.map(|rule| rule.reason.to_owned()).or_else(unsupported) {
                    Some(reason) => matrix.excluded.push(Excluded { cell, reason }),
                    None => matrix.cells.push(cell),
                }
            }
        }
    }
    matrix
}

fn resolve_databases(
    choices: &[DatabaseChoice],
    support: &Support,
    releases: &Releases,
) -> Vec<DatabaseSpec> {
    let supported = |kind: DatabaseKind| match support.databases.get(&kind) {
        Some((minimum, _)) => releases.from(kind, minimum),
        None => Vec::new(),
    };
    let mut databases: Vec<DatabaseSpec> = Vec::new();
    for choice in choices {
        let specs = match choice {
            DatabaseChoice::Exact(spec) => vec![spec.clone()],
            DatabaseChoice::Min(kind) => supported(*kind).into_iter().take(1).collect(),
            DatabaseChoice::Max(kind) => supported(*kind).pop().into_iter().collect(),
            DatabaseChoice::Every(kind) => supported(*kind),
        };
        for spec in specs {
            if !databases.contains(&spec) {
                databases.push(spec);
            }
        }
    }
    databases
}

/// Why the branch itself does not support a cell, from its own files.
fn unsupported(cell: &Cell, support: &Support) -> Option<String> {
    // Classifiers name versions; which interpreter is the user's choice.
    let version = |python: &PythonSpec| (python.major, python.minor);
    let known = support.python_specs();
    if !known
        .iter()
        .any(|known| version(known) == version(&cell.python))
    {
        let (first, last) = (support.pythons.first()?, support.pythons.last()?);
        return Some(format!(
            "{} supports Python {} to {} ({})",
            cell.branch, first.0, last.0, last.1
        ));
    }
    let version = cell.database.version.as_ref()?;
    let (minimum, citation) = support.databases.get(&cell.database.kind)?;
    (!version.series_reaches(minimum)).then(|| {
        format!(
            "{} needs {} {minimum} or newer ({citation})",
            cell.branch, cell.database.kind
        )
    })
}

impl<'a> Rule<'a> {
    fn new(exclude: &'a Exclude) -> Self {
        let glob = |pattern: &Option<String>| {
            let glob = Glob::new(pattern.as_ref()?).ok()?;
            Some(glob.compile_matcher())
        };
        Self {
            branch: glob(&exclude.branch),
            python: glob(&exclude.python),
            database: glob(&exclude.database),
            reason: &exclude.reason,
        }
    }

    fn matches(&self, cell: &Cell) -> bool {
        let fits = |glob: &Option<GlobMatcher>, word: &str| {
            glob.as_ref().is_none_or(|glob| glob.is_match(word))
        };
        fits(&self.branch, &cell.branch)
            && fits(&self.python, &cell.python.to_string())
            && fits(&self.database, &cell.database.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::support::tests::django_60;
    use crate::spec::parse;

    fn expand_on_60(spec: &str, filters: [&[&str]; 3]) -> Matrix {
        let support = Support::read(&django_60()).expect("a known shape");
        let own = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let [branches, pythons, databases] = filters.map(own);
        let selection = Selection::new(&branches, &pythons, &databases).expect("valid filters");
        let spec = parse("test.toml", spec).expect("valid");
        let branches = [("stable/6.0.x".to_owned(), support)];
        expand(&spec, &branches, &Releases::shipped(), &selection)
    }

    fn names(matrix: &Matrix) -> Vec<String> {
        matrix.cells.iter().map(ToString::to_string).collect()
    }

    const QUICK: &str = include_str!("../../matrix/quick.toml");
    const DJANGO: &str = include_str!("../../matrix/django.toml");

    #[test]
    fn the_quick_matrix_is_the_newest_python_on_two_databases() {
        let matrix = expand_on_60(QUICK, [&[], &[], &[]]);
        assert_eq!(
            names(&matrix),
            [
                "stable/6.0.x-python3.14-sqlite",
                "stable/6.0.x-python3.14-postgresql18"
            ]
        );
    }

    #[test]
    fn the_django_matrix_holds_every_supported_combination() {
        let matrix = expand_on_60(DJANGO, [&[], &[], &[]]);
        // SQLite, PostgreSQL 14 to 18, MariaDB 10.6 10.11 11.4 11.8, MySQL 8.0 8.4 9.7.
        assert_eq!(matrix.cells.len(), 3 * (1 + 5 + 4 + 3));
        assert!(matrix.excluded.is_empty());
    }

    #[test]
    fn what_a_branch_does_not_support_is_left_out_with_the_line_that_says_so() {
        let spec = "pythons = [\"3.9\", \"3.14\"]\ndatabases = [\"postgresql12\", \"sqlite\"]\n";
        let matrix = expand_on_60(spec, [&[], &[], &[]]);
        assert_eq!(names(&matrix), ["stable/6.0.x-python3.14-sqlite"]);
        let reasons: Vec<_> = matrix.excluded.iter().map(|e| e.reason.as_str()).collect();
        assert!(
            reasons[0].contains("Python 3.12 to 3.14 (pyproject.toml:6)"),
            "{reasons:?}"
        );
        assert!(reasons[2].contains("postgresql 14 or newer"), "{reasons:?}");
        assert!(reasons[2].contains("features.py:2"), "{reasons:?}");
    }

    #[test]
    fn a_rule_leaves_cells_out_with_its_reason() {
        let spec = format!(
            "{DJANGO}\n[[exclude]]\npython = \"3.12\"\ndatabase = \"my*\"\nreason = \"slow\"\n"
        );
        let matrix = expand_on_60(&spec, [&[], &[], &[]]);
        assert_eq!(matrix.excluded.len(), 3, "MySQL 8.0, 8.4 and 9.7");
        assert!(matrix.excluded.iter().all(|out| out.reason == "slow"));
    }

    #[test]
    fn filters_take_globs_and_the_name_of_a_database() {
        let matrix = expand_on_60(
            DJANGO,
            [&["stable/*"], &["3.1[34]"], &["postgresql", "sqlite"]],
        );
        assert_eq!(matrix.cells.len(), 2 * (5 + 1));
        assert!(expand_on_60(DJANGO, [&["main"], &[], &[]]).cells.is_empty());
    }

    #[test]
    fn an_exact_filter_the_matrix_does_not_have_is_added_to_it() {
        let matrix = expand_on_60(QUICK, [&[], &["3.12"], &["mariadb"]]);
        assert_eq!(names(&matrix), ["stable/6.0.x-python3.12-mariadb11.8"]);
    }

    #[test]
    fn what_is_named_exactly_runs_or_is_left_out_with_a_reason() {
        let matrix = expand_on_60(DJANGO, [&[], &["3.9", "3.14"], &["postgresql13", "sqlite"]]);
        assert_eq!(names(&matrix), ["stable/6.0.x-python3.14-sqlite"]);
        assert_eq!(matrix.excluded.len(), 3);
        let oldest = expand_on_60(DJANGO, [&[], &["3.14"], &["postgresql:min", "mysql:max"]]);
        assert_eq!(
            names(&oldest),
            [
                "stable/6.0.x-python3.14-postgresql14",
                "stable/6.0.x-python3.14-mysql9.7"
            ]
        );
        let all = expand_on_60(QUICK, [&[], &[], &["postgresql:*"]]);
        assert_eq!(all.cells.len(), 5);
    }

    #[test]
    fn another_interpreter_of_a_supported_version_may_be_asked_for() {
        let matrix = expand_on_60(QUICK, [&[], &["3.14t", "pypy3.11"], &["sqlite"]]);
        assert_eq!(names(&matrix), ["stable/6.0.x-python3.14t-sqlite"]);
        assert_eq!(matrix.excluded.len(), 1);
    }

    #[test]
    fn filters_that_name_nothing_are_refused() {
        let refuse = |pythons: &[&str], databases: &[&str]| {
            let own = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
            Selection::new(&[], &own(pythons), &own(databases)).is_err()
        };
        assert!(refuse(&["python3"], &[]));
        assert!(refuse(&[], &["postgres17"]));
        assert!(refuse(&[], &["["]));
    }
}
