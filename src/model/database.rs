use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ParseError, Version};

/// A database Django has a backend for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseKind {
    /// `SQLite`, inside the test process.
    Sqlite,
    /// `PostgreSQL`.
    Postgresql,
    /// `PostgreSQL` with `PostGIS`.
    Postgis,
    /// `MariaDB`.
    Mariadb,
    /// `MySQL`.
    Mysql,
    /// Oracle Database.
    Oracle,
}

impl DatabaseKind {
    /// Every kind, in the order tables show them.
    pub const ALL: [Self; 6] = [
        Self::Sqlite,
        Self::Postgresql,
        Self::Postgis,
        Self::Mariadb,
        Self::Mysql,
        Self::Oracle,
    ];

    /// The word used in specs, flags and file names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgresql => "postgresql",
            Self::Postgis => "postgis",
            Self::Mariadb => "mariadb",
            Self::Mysql => "mysql",
            Self::Oracle => "oracle",
        }
    }
}

impl fmt::Display for DatabaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DatabaseKind {
    type Err = ParseError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == typed)
            .ok_or_else(|| {
                ParseError::new(
                    "database",
                    typed,
                    "expected sqlite, postgresql, postgis, mariadb, mysql or oracle, \
                     then a version, as in postgresql17",
                )
            })
    }
}

/// A database and its release series, as the 2010 farm wrote them:
/// `postgresql17`, `mariadb11.8`, `sqlite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatabaseSpec {
    /// Which database.
    pub kind: DatabaseKind,
    /// Its release series; `None` only for `SQLite`, which comes with the Python.
    pub version: Option<Version>,
}

impl DatabaseSpec {
    /// `SQLite`, whose version is that of the Python image.
    pub const fn sqlite() -> Self {
        Self {
            kind: DatabaseKind::Sqlite,
            version: None,
        }
    }

    /// A database that runs in a container of its own.
    pub const fn server(kind: DatabaseKind, version: Version) -> Self {
        Self {
            kind,
            version: Some(version),
        }
    }
}

impl fmt::Display for DatabaseSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => f.pad(&format!("{}{version}", self.kind)),
            None => self.kind.fmt(f),
        }
    }
}

impl FromStr for DatabaseSpec {
    type Err = ParseError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let digits = typed
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(typed.len());
        let (kind, version) = typed.split_at(digits);
        let kind: DatabaseKind = kind
            .parse()
            .map_err(|error: ParseError| ParseError::new("database", typed, error.problem))?;
        match (kind, version) {
            (DatabaseKind::Sqlite, "") => Ok(Self::sqlite()),
            (DatabaseKind::Sqlite, _) => Err(ParseError::new(
                "database",
                typed,
                "SQLite comes with the Python image; write sqlite",
            )),
            (_, "") => Err(ParseError::new(
                "database",
                typed,
                format!("which version? As in {kind}17"),
            )),
            (_, version) => {
                let version = version.parse().map_err(|error: ParseError| {
                    ParseError::new("database", typed, error.problem)
                })?;
                Ok(Self::server(kind, version))
            }
        }
    }
}

impl TryFrom<String> for DatabaseSpec {
    type Error = ParseError;

    fn try_from(typed: String) -> Result<Self, Self::Error> {
        typed.parse()
    }
}

impl From<DatabaseSpec> for String {
    fn from(spec: DatabaseSpec) -> Self {
        spec.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_comes_back_as_typed() {
        for typed in [
            "sqlite",
            "postgresql17",
            "mariadb11.8",
            "mysql8.4",
            "oracle23",
        ] {
            let spec: DatabaseSpec = typed.parse().expect(typed);
            assert_eq!(spec.to_string(), typed);
        }
    }

    #[test]
    fn a_server_without_a_version_is_asked_for_one() {
        let error = "postgresql"
            .parse::<DatabaseSpec>()
            .expect_err("no version");
        assert!(error.to_string().contains("which version"), "{error}");
    }

    #[test]
    fn an_unknown_database_is_told_the_known_ones() {
        let error = "postgres17".parse::<DatabaseSpec>().expect_err("misspelt");
        assert!(error.to_string().contains("postgresql"), "{error}");
    }
}
