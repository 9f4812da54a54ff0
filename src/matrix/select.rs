use globset::{Glob, GlobMatcher};

use crate::model::{Cell, DatabaseKind, DatabaseSpec, PythonSpec};
use crate::spec::DatabaseChoice;

/// What the user asked for on top of a matrix file: globs over each axis, any
/// of which may match.
///
/// A word that the matrix does not have is added to it, so that
/// `--database mariadb11.8` on the quick matrix tests `MariaDB` instead of
/// nothing.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    branches: Vec<Pattern>,
    pythons: Vec<Pattern>,
    databases: Vec<Pattern>,
}

/// A filter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--{flag} {typed}: {problem}")]
pub struct SelectError {
    flag: &'static str,
    typed: String,
    problem: String,
}

#[derive(Debug, Clone)]
struct Pattern {
    typed: String,
    glob: GlobMatcher,
}

impl Selection {
    /// Understands the filters as typed.
    ///
    /// # Errors
    /// When one is no glob, or an exact word that names nothing.
    pub fn new(
        branches: &[String],
        pythons: &[String],
        databases: &[String],
    ) -> Result<Self, SelectError> {
        let selection = Self {
            branches: patterns("branch", branches)?,
            pythons: patterns("python", pythons)?,
            databases: patterns("database", databases)?,
        };
        for pattern in selection.pythons.iter().filter(|p| p.is_exact()) {
            let parsed: Result<PythonSpec, _> = pattern.typed.parse();
            parsed.map_err(|error| pattern.refuse("python", error.problem))?;
        }
        for pattern in selection.databases.iter().filter(|p| p.is_exact()) {
            pattern.database()?;
        }
        Ok(selection)
    }

    /// The Pythons named exactly: they are looked at whether the matrix has them
    /// or not.
    pub fn exact_pythons(&self) -> impl Iterator<Item = PythonSpec> {
        self.pythons
            .iter()
            .filter_map(|pattern| pattern.typed.parse().ok())
    }

    /// The databases named exactly, likewise: `mysql8.4`, `postgresql:min`.
    pub fn exact_databases(&self) -> Vec<DatabaseChoice> {
        self.databases
            .iter()
            .filter(|pattern| pattern.word().is_none())
            .filter_map(|pattern| pattern.database().ok().flatten())
            .collect()
    }

    /// What a database's bare name stands for where a matrix has no release of
    /// it: the newest.
    pub fn missing_databases(&self, known: &[DatabaseChoice]) -> Vec<DatabaseChoice> {
        self.databases
            .iter()
            .filter_map(Pattern::word)
            .filter(|kind| known.iter().all(|choice| choice.kind() != *kind))
            .map(DatabaseChoice::newest)
            .collect()
    }

    /// Whether a cell is wanted, where `named` are the databases that the branch
    /// has for those named exactly.
    pub fn wants(&self, cell: &Cell, named: &[DatabaseSpec]) -> bool {
        let any = |patterns: &[Pattern], word: &str| {
            patterns.is_empty() || patterns.iter().any(|p| p.glob.is_match(word))
        };
        any(&self.branches, &cell.branch)
            && any(&self.pythons, &cell.python.to_string())
            && (any(&self.databases, &cell.database.to_string())
                || named.contains(&cell.database)
                || self
                    .databases
                    .iter()
                    .any(|pattern| pattern.word() == Some(cell.database.kind)))
    }
}

impl Pattern {
    fn is_exact(&self) -> bool {
        // `postgresql:*` is a choice and no glob.
        let word = self
            .typed
            .split_once(':')
            .map_or(&*self.typed, |(kind, _)| kind);
        !word.contains(['*', '?', '[', '{'])
    }

    /// `postgresql` means every `PostgreSQL` of the matrix.
    fn word(&self) -> Option<DatabaseKind> {
        self.typed.parse().ok()
    }

    fn database(&self) -> Result<Option<DatabaseChoice>, SelectError> {
        if !self.is_exact() || self.word().is_some() {
            return Ok(None);
        }
        self.typed
            .parse()
            .map(Some)
            .map_err(|error: crate::model::ParseError| self.refuse("database", error.problem))
    }

    fn refuse(&self, flag: &'static str, problem: impl Into<String>) -> SelectError {
        SelectError {
            flag,
            typed: self.typed.clone(),
            problem: problem.into(),
        }
    }
}

fn patterns(flag: &'static str, typed: &[String]) -> Result<Vec<Pattern>, SelectError> {
    typed
        .iter()
        .map(|typed| match Glob::new(typed) {
            Ok(glob) => Ok(Pattern {
                typed: typed.clone(),
                glob: glob.compile_matcher(),
            }),
            Err(error) => Err(SelectError {
                flag,
                typed: typed.clone(),
                problem: error.kind().to_string(),
            }),
        })
        .collect()
}
