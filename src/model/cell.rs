use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DatabaseSpec, ParseError, PythonSpec};

/// One branch × Python × database (× variant).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// The branch, or the release, being tested: `main`, `stable/6.1.x`, `6.1.3`.
    pub branch: Arc<str>,
    /// The Python it is tested on.
    pub python: PythonSpec,
    /// The database it is tested on.
    pub database: DatabaseSpec,
    /// A named variation of settings or flags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Arc<str>>,
}

impl Cell {
    /// Its name: `main-python3.13-postgresql17`.
    pub fn name(&self) -> CellName {
        CellName(self.to_string().into())
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-python{}-{}", self.branch, self.python, self.database)?;
        match &self.variant {
            Some(variant) => write!(f, "-{variant}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Cell {
    type Err = ParseError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        // A branch may be called `my-python-fix`: the last place that makes sense.
        let mut places: Vec<_> = typed.match_indices(PYTHON).map(|(at, _)| at).collect();
        places.reverse();
        let parsed = places.into_iter().find_map(|at| {
            let (branch, rest) = (&typed[..at], &typed[at + PYTHON.len()..]);
            let mut parts = rest.splitn(3, '-');
            let cell = Self {
                branch: branch.into(),
                python: parts.next()?.parse().ok()?,
                database: parts.next()?.parse().ok()?,
                variant: parts.next().map(Arc::from),
            };
            (!branch.is_empty() && cell.variant.as_deref() != Some("")).then_some(cell)
        });
        parsed.ok_or_else(|| {
            ParseError::new(
                "cell",
                typed,
                "expected a name such as main-python3.14-postgresql17",
            )
        })
    }
}

/// What stands between branch and Python in a cell's name.
const PYTHON: &str = "-python";

/// The name of a cell, which identifies it within a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CellName(Arc<str>);

impl CellName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CellName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_named_after_its_parts() {
        let cell = Cell {
            branch: "main".into(),
            python: PythonSpec::cpython(3, 13),
            database: "postgresql17".parse().expect("a literal"),
            variant: None,
        };
        assert_eq!(cell.to_string(), "main-python3.13-postgresql17");
    }

    #[test]
    fn a_name_comes_back_as_its_cell() {
        for name in [
            "main-python3.13-postgresql17",
            "stable/6.1.x-pythonpypy3.11-sqlite",
            "my-python-fix-python3.14t-mysql8.4-server-side",
        ] {
            let cell: Cell = name.parse().expect(name);
            assert_eq!(cell.to_string(), name);
        }
    }

    #[test]
    fn what_names_no_cell_is_refused() {
        for typed in [
            "",
            "main",
            "-python3.13-sqlite",
            "main-python3.13",
            "main-python3.13-sqlite-",
        ] {
            assert!(typed.parse::<Cell>().is_err(), "{typed:?}");
        }
    }
}
