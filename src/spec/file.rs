use serde::Deserialize;

use super::{DatabaseChoice, PythonChoice};

/// A validated matrix file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// One line on what it is for.
    #[serde(default)]
    pub description: String,
    /// Branches by name or glob, where the source has branches.
    #[serde(default = "main_only")]
    pub branches: Vec<String>,
    /// Which Pythons.
    pub pythons: PythonChoice,
    /// Which databases.
    pub databases: Vec<DatabaseChoice>,
    /// Whether cells share the databases of a run.
    #[serde(default)]
    pub isolation: Isolation,
    /// Cells to leave out.
    #[serde(default, rename = "exclude")]
    pub excludes: Vec<Exclude>,
}

/// Whether the cells of a run share its databases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// One container per database spec, shared by its cells under distinct database names.
    #[default]
    Run,
    /// Each cell gets a container of its own.
    Cell,
}

/// A rule that leaves cells out. A part not named matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclude {
    /// Glob over the branch.
    pub branch: Option<String>,
    /// Glob over the Python.
    pub python: Option<String>,
    /// Glob over the database spec.
    pub database: Option<String>,
    /// Why, for the reader of `djbuild matrix`.
    pub reason: String,
}

/// A matrix file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct SpecError {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

fn main_only() -> Vec<String> {
    vec!["main".to_owned()]
}

/// Reads a matrix file; `file` is its name for errors.
///
/// # Errors
/// With line and column, when it is no TOML, has a key or word that does not
/// exist, or a rule without a reason.
pub fn parse(file: &str, text: &str) -> Result<Spec, SpecError> {
    let at = |offset: usize, message: String| {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        SpecError {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message,
        }
    };
    let spec: Spec = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        at(offset, error.message().to_owned())
    })?;
    let globs = spec.excludes.iter().flat_map(|rule| {
        [&rule.branch, &rule.python, &rule.database]
            .into_iter()
            .flatten()
    });
    for pattern in spec.branches.iter().chain(globs) {
        if let Err(error) = globset::Glob::new(pattern) {
            let offset = text.find(pattern.as_str()).unwrap_or(0);
            return Err(at(offset, error.to_string()));
        }
    }
    for rule in &spec.excludes {
        if rule.reason.trim().is_empty() {
            let offset = text.find("[[exclude]]").unwrap_or(0);
            return Err(at(offset, "an exclude needs a reason".to_owned()));
        }
    }
    Ok(spec)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "pythons = \"newest\"\ndatabases = [\"sqlite\"]\n";

    #[test]
    fn a_short_file_gets_sensible_defaults() {
        let spec = parse("short.toml", GOOD).expect("valid");
        assert_eq!(spec.branches, ["main"]);
        assert_eq!(spec.isolation, Isolation::Run);
        assert!(spec.excludes.is_empty());
    }

    #[test]
    fn an_unknown_key_is_an_error_at_its_place() {
        let error = parse("f.toml", &format!("{GOOD}pyhtons = 3\n")).expect_err("unknown key");
        assert_eq!((error.line, error.column), (3, 1), "{error}");
        assert!(error.message.contains("pyhtons"), "{error}");
    }

    #[test]
    fn a_misspelt_database_is_an_error_at_its_place() {
        let text = "pythons = \"newest\"\ndatabases = [\"postgres17\"]\n";
        let error = parse("f.toml", text).expect_err("misspelt");
        assert_eq!(error.line, 2, "{error}");
        assert!(error.message.contains("postgresql"), "{error}");
    }

    #[test]
    fn an_exclude_without_a_reason_is_refused() {
        for rule in [
            "[[exclude]]\npython = \"3.8\"\n",
            "[[exclude]]\nreason = \"\"\n",
        ] {
            assert!(parse("f.toml", &format!("{GOOD}{rule}")).is_err(), "{rule}");
        }
    }

    #[test]
    fn a_broken_glob_is_an_error() {
        let text = format!("branches = [\"stable/[\"]\n{GOOD}");
        assert!(parse("f.toml", &text).is_err());
    }
}
