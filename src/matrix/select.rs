use globset::{Glob, GlobMatcher};

use crate::model::{Cell, DatabaseKind, PythonSpec};
use crate::spec::{DatabaseChoice, PythonChoice, Spec};

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

    /// The branch globs, for a source that has branches.
    pub fn branch_patterns(&self) -> Vec<String> {
        self.branches.iter().map(|p| p.typed.clone()).collect()
    }

    /// Adds to the spec the words it does not have, and takes nothing away.
    #[must_use]
    pub fn widen(&self, mut spec: Spec) -> Spec {
        let exact: Vec<PythonSpec> = self
            .pythons
            .iter()
            .filter_map(|pattern| pattern.typed.parse().ok())
            .collect();
        if !exact.is_empty() && exact.len() == self.pythons.len() {
            spec.pythons = PythonChoice::Listed(exact);
        }
        for pattern in &self.databases {
            let Ok(Some(choice)) = pattern.database() else {
                continue;
            };
            let word = DatabaseKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == pattern.typed);
            let present = spec.databases.iter().any(|known| match word {
                Some(kind) => known.kind() == kind,
                None => *known == choice || *known == DatabaseChoice::Every(choice.kind()),
            });
            if !present {
                spec.databases.push(choice);
            }
        }
        spec
    }

    /// Whether a cell is wanted.
    pub fn wants(&self, cell: &Cell) -> bool {
        let any = |patterns: &[Pattern], word: &str| {
            patterns.is_empty() || patterns.iter().any(|p| p.glob.is_match(word))
        };
        let database = cell.database.to_string();
        any(&self.branches, &cell.branch)
            && any(&self.pythons, &cell.python.to_string())
            && (any(&self.databases, &database)
                || self
                    .databases
                    .iter()
                    .any(|pattern| pattern.names(cell.database.kind)))
    }
}

impl Pattern {
    fn is_exact(&self) -> bool {
        !self.typed.contains(['*', '?', '[', '{'])
    }

    /// `postgresql` means every `PostgreSQL` of the matrix, and so do the
    /// choices `postgresql:min` and `:max`, once the matrix has resolved them.
    fn names(&self, kind: DatabaseKind) -> bool {
        match self.typed.split_once(':') {
            Some((word, _)) => word == kind.as_str(),
            None => self.typed == kind.as_str(),
        }
    }

    fn database(&self) -> Result<Option<DatabaseChoice>, SelectError> {
        if !self.is_exact() {
            return Ok(None);
        }
        let typed = &self.typed;
        if let Ok(kind) = typed.parse::<DatabaseKind>() {
            let choice = format!("{kind}:max").parse();
            return choice
                .map(Some)
                .map_err(|error: crate::model::ParseError| self.refuse("database", error.problem));
        }
        typed
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
