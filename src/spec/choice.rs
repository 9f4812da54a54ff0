use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::Pattern;
use crate::model::{DatabaseKind, DatabaseSpec, ParseError, PythonSpec};

/// Which branches of a source a matrix wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchChoice {
    /// `main` and the stable branches that Django still supports.
    Supported,
    /// Those of this name or glob.
    Matching(Pattern),
}

impl fmt::Display for BranchChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supported => f.write_str(SUPPORTED_BRANCHES),
            Self::Matching(pattern) => pattern.fmt(f),
        }
    }
}

/// The word for the branches that Django still supports.
pub const SUPPORTED_BRANCHES: &str = "supported-branches";

/// Which Pythons an entry of a matrix wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PythonChoice {
    /// All that the branch's classifiers name.
    Supported,
    /// The newest of them.
    Newest,
    /// The oldest of them.
    Oldest,
    /// This one.
    Exact(PythonSpec),
}

impl PythonChoice {
    /// The words that stand for some of a branch's own Pythons.
    pub const WORDS: [&'static str; 3] = ["supported", "newest", "oldest"];

    /// The Pythons meant, given those a branch supports, oldest first.
    pub fn resolve(self, supported: &[PythonSpec]) -> Vec<PythonSpec> {
        match self {
            Self::Supported => supported.to_vec(),
            Self::Newest => supported.last().copied().into_iter().collect(),
            Self::Oldest => supported.first().copied().into_iter().collect(),
            Self::Exact(python) => vec![python],
        }
    }
}

impl fmt::Display for PythonChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supported => f.write_str("supported"),
            Self::Newest => f.write_str("newest"),
            Self::Oldest => f.write_str("oldest"),
            Self::Exact(python) => python.fmt(f),
        }
    }
}

impl FromStr for PythonChoice {
    type Err = ParseError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        match typed {
            "supported" => Ok(Self::Supported),
            "newest" => Ok(Self::Newest),
            "oldest" => Ok(Self::Oldest),
            _ => typed.parse().map(Self::Exact),
        }
    }
}

/// Which databases an entry of a matrix wants: `sqlite`, `postgresql17`,
/// `postgresql:min`, `postgresql:max`, `postgresql:*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseChoice {
    /// This one.
    Exact(DatabaseSpec),
    /// The oldest release the branch supports.
    Min(DatabaseKind),
    /// The newest release the branch supports.
    Max(DatabaseKind),
    /// Every release the branch supports.
    Every(DatabaseKind),
}

impl DatabaseChoice {
    /// The newest release of a database; `SQLite` has but one.
    pub const fn newest(kind: DatabaseKind) -> Self {
        match kind {
            DatabaseKind::Sqlite => Self::Exact(DatabaseSpec::sqlite()),
            other => Self::Max(other),
        }
    }

    /// The database this entry is about.
    pub const fn kind(&self) -> DatabaseKind {
        match self {
            Self::Exact(spec) => spec.kind,
            Self::Min(kind) | Self::Max(kind) | Self::Every(kind) => *kind,
        }
    }
}

impl fmt::Display for DatabaseChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(spec) => spec.fmt(f),
            Self::Min(kind) => write!(f, "{kind}:min"),
            Self::Max(kind) => write!(f, "{kind}:max"),
            Self::Every(kind) => write!(f, "{kind}:*"),
        }
    }
}

impl FromStr for DatabaseChoice {
    type Err = ParseError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let Some((kind, which)) = typed.split_once(':') else {
            return typed.parse().map(Self::Exact);
        };
        let kind: DatabaseKind = kind.parse()?;
        match which {
            _ if kind == DatabaseKind::Sqlite => Ok(Self::Exact(DatabaseSpec::sqlite())),
            "min" => Ok(Self::Min(kind)),
            "max" => Ok(Self::Max(kind)),
            "*" => Ok(Self::Every(kind)),
            _ => Err(ParseError {
                what: "database",
                typed: typed.to_owned(),
                problem: format!("expected {kind}:min, {kind}:max, {kind}:* or a version"),
            }),
        }
    }
}

/// Which variants a matrix wants: `None` is the cell without one.
pub type VariantChoice = Option<Arc<str>>;

/// The word for the cell without a variant.
pub const PLAIN: &str = "plain";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_database_choice_comes_back_as_typed() {
        for typed in [
            "sqlite",
            "mysql8.4",
            "postgresql:min",
            "mariadb:max",
            "mysql:*",
        ] {
            let choice: DatabaseChoice = typed.parse().expect(typed);
            assert_eq!(choice.to_string(), typed);
        }
    }

    #[test]
    fn every_spelling_of_a_python_choice_comes_back_as_typed() {
        for typed in ["supported", "newest", "oldest", "3.14t", "pypy3.11"] {
            let choice: PythonChoice = typed.parse().expect(typed);
            assert_eq!(choice.to_string(), typed);
        }
    }

    #[test]
    fn the_newest_python_is_the_last_supported() {
        let supported = [PythonSpec::cpython(3, 9), PythonSpec::cpython(3, 10)];
        let newest = PythonChoice::Newest;
        assert_eq!(newest.resolve(&supported), [PythonSpec::cpython(3, 10)]);
        assert!(newest.resolve(&[]).is_empty());
    }
}
