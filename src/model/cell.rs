use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DatabaseSpec, PythonSpec};

/// One branch × Python × database (× variant).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// The branch, or the release, being tested: `main`, `stable/6.1.x`, `6.1.3`.
    pub branch: String,
    /// The Python it is tested on.
    pub python: PythonSpec,
    /// The database it is tested on.
    pub database: DatabaseSpec,
    /// A named variation of settings or flags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Cell {
    /// Its name: `main-python3.13-postgresql17`.
    pub fn name(&self) -> CellName {
        CellName(self.to_string())
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

/// The name of a cell, which identifies it within a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CellName(String);

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
}
