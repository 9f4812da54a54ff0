use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::model::{DatabaseKind, DatabaseSpec, ParseError, PythonSpec};

/// Which Pythons a matrix wants.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "expected \"supported\", \"newest\", \"oldest\", or a list such as [\"3.13\", \"3.14\"]"
)]
pub enum PythonChoice {
    /// A word that stands for some of the branch's own Pythons.
    Word(PythonWord),
    /// These, where the branch supports them.
    Listed(Vec<PythonSpec>),
}

/// A word that stands for some of the Pythons a branch supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PythonWord {
    /// All the branch's classifiers name.
    Supported,
    /// The newest of them.
    Newest,
    /// The oldest of them.
    Oldest,
}

impl PythonChoice {
    /// The Pythons meant, given those a branch supports, oldest first.
    pub fn resolve(&self, supported: &[PythonSpec]) -> Vec<PythonSpec> {
        match self {
            Self::Word(PythonWord::Supported) => supported.to_vec(),
            Self::Word(PythonWord::Newest) => supported.last().copied().into_iter().collect(),
            Self::Word(PythonWord::Oldest) => supported.first().copied().into_iter().collect(),
            Self::Listed(listed) => listed.clone(),
        }
    }
}

/// Which databases an entry of a matrix wants: `sqlite`, `postgresql17`,
/// `postgresql:min`, `postgresql:max`, `postgresql:*`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
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
    pub fn newest(kind: DatabaseKind) -> Self {
        match kind {
            DatabaseKind::Sqlite => Self::Exact(DatabaseSpec::sqlite()),
            other => Self::Max(other),
        }
    }

    /// The database this entry is about.
    pub fn kind(&self) -> DatabaseKind {
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

impl TryFrom<String> for DatabaseChoice {
    type Error = ParseError;

    fn try_from(typed: String) -> Result<Self, Self::Error> {
        typed.parse()
    }
}

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
    fn the_newest_python_is_the_last_supported() {
        let supported = [PythonSpec::cpython(3, 9), PythonSpec::cpython(3, 10)];
        let newest = PythonChoice::Word(PythonWord::Newest);
        assert_eq!(newest.resolve(&supported), [PythonSpec::cpython(3, 10)]);
        assert!(newest.resolve(&[]).is_empty());
    }
}
