use std::collections::BTreeMap;
use std::fmt;

use crate::model::{DatabaseKind, PythonSpec, Version};
use crate::source::{SourceError, Tree};

const CLASSIFIER: &str = "Programming Language :: Python :: ";
const MINIMUM: &str = "minimum_database_version";

/// A line of the checkout that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Path within the tree.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What a branch of Django says it supports.
#[derive(Debug, Clone)]
pub struct Support {
    /// Its Pythons, oldest first, and the classifier of each.
    pub pythons: Vec<(PythonSpec, Citation)>,
    /// The oldest release of each database, and where that is said.
    pub databases: BTreeMap<DatabaseKind, (Version, Citation)>,
}

/// A checkout that does not say what it supports in a way known here.
#[derive(Debug, thiserror::Error)]
pub enum SupportError {
    /// A file could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A file that every Django has is not there.
    #[error("{0} is missing, so what this branch supports is unknown")]
    Missing(&'static str),
    /// A shape not known here. Better to stop than to guess.
    #[error("{at}: {problem}")]
    Unknown {
        /// Where.
        at: Citation,
        /// What was expected.
        problem: &'static str,
    },
}

impl Support {
    /// Reads what a tree supports: classifiers from `pyproject.toml` or, in
    /// Django 4.2 to 5.0, `setup.cfg`; database versions from each backend's
    /// `features.py`.
    ///
    /// # Errors
    /// When a file is missing or has a shape not known here.
    pub fn read(tree: &impl Tree) -> Result<Self, SupportError> {
        let text = |path: &'static str| -> Result<Option<String>, SupportError> {
            Ok(tree
                .read(path)?
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        };
        let (file, metadata) = match text("pyproject.toml")? {
            Some(project) if project.contains("requires-python") => ("pyproject.toml", project),
            _ => (
                "setup.cfg",
                text("setup.cfg")?.ok_or(SupportError::Missing("pyproject.toml or setup.cfg"))?,
            ),
        };
        let mut databases = BTreeMap::new();
        for (kind, path) in [
            (
                DatabaseKind::Sqlite,
                "django/db/backends/sqlite3/features.py",
            ),
            (
                DatabaseKind::Postgresql,
                "django/db/backends/postgresql/features.py",
            ),
            (
                DatabaseKind::Oracle,
                "django/db/backends/oracle/features.py",
            ),
        ] {
            let features = text(path)?.ok_or(SupportError::Missing(path))?;
            databases.insert(kind, read_minimum(path, &features)?);
        }
        let path = "django/db/backends/mysql/features.py";
        let features = text(path)?.ok_or(SupportError::Missing(path))?;
        let [mariadb, mysql] = read_mysql_minimums(path, &features)?;
        databases.insert(DatabaseKind::Mariadb, mariadb);
        databases.insert(DatabaseKind::Mysql, mysql);
        // PostGIS comes in the releases of the PostgreSQL it extends.
        let postgresql = databases[&DatabaseKind::Postgresql].clone();
        databases.insert(DatabaseKind::Postgis, postgresql);
        Ok(Self {
            pythons: read_pythons(file, &metadata)?,
            databases,
        })
    }

    /// The Pythons alone, oldest first.
    pub fn python_specs(&self) -> Vec<PythonSpec> {
        self.pythons.iter().map(|(python, _)| *python).collect()
    }
}

fn cite(file: &str, index: usize) -> Citation {
    Citation {
        file: file.to_owned(),
        line: index + 1,
    }
}

fn read_pythons(file: &str, text: &str) -> Result<Vec<(PythonSpec, Citation)>, SupportError> {
    let mut pythons: Vec<_> = text
        .lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let (_, after) = line.split_once(CLASSIFIER)?;
            let word = after.trim().trim_end_matches([',', '"', '\'']);
            // `3` and `3 :: Only` are classifiers too, and name no release.
            let python: PythonSpec = word.parse().ok()?;
            Some((python, cite(file, index)))
        })
        .collect();
    pythons.sort_by_key(|(python, _)| *python);
    pythons.dedup_by_key(|(python, _)| *python);
    if pythons.is_empty() {
        return Err(SupportError::Unknown {
            at: cite(file, 0),
            problem: "no classifier \"Programming Language :: Python :: X.Y\"",
        });
    }
    Ok(pythons)
}

/// `minimum_database_version = (14,)`
fn read_minimum(file: &str, text: &str) -> Result<(Version, Citation), SupportError> {
    let found = text
        .lines()
        .enumerate()
        .find(|(_, line)| line.trim_start().starts_with(MINIMUM));
    let Some((index, line)) = found else {
        return Err(SupportError::Unknown {
            at: cite(file, 0),
            problem: "no line minimum_database_version = (…)",
        });
    };
    let at = cite(file, index);
    match line
        .split_once('=')
        .and_then(|(_, value)| read_tuple(value))
    {
        Some(version) => Ok((version, at)),
        None => Err(SupportError::Unknown {
            at,
            problem: "expected minimum_database_version = (…) with whole numbers",
        }),
    }
}

/// A method with a `MariaDB` branch that returns, and a return after it.
fn read_mysql_minimums(file: &str, text: &str) -> Result<[(Version, Citation); 2], SupportError> {
    let unknown = |index: usize| SupportError::Unknown {
        at: cite(file, index),
        problem: "expected minimum_database_version to return one tuple for MariaDB, then one for MySQL",
    };
    let mut lines = text.lines().enumerate();
    let start = lines
        .find(|(_, line)| {
            line.trim_start()
                .starts_with("def minimum_database_version")
        })
        .map(|(index, _)| index)
        .ok_or_else(|| unknown(0))?;
    let mut seen_mariadb = false;
    let mut returned = Vec::new();
    for (index, line) in lines {
        let line = line.trim();
        if line.starts_with("def ") || line.starts_with('@') {
            break;
        }
        if line.contains("mysql_is_mariadb") {
            if !returned.is_empty() || line != "if self.connection.mysql_is_mariadb:" {
                return Err(unknown(index));
            }
            seen_mariadb = true;
        } else if let Some(value) = line.strip_prefix("return ") {
            let version = read_tuple(value).ok_or_else(|| unknown(index))?;
            returned.push((version, cite(file, index)));
        }
    }
    match <[_; 2]>::try_from(returned) {
        Ok(both) if seen_mariadb => Ok(both),
        _ => Err(unknown(start)),
    }
}

fn read_tuple(text: &str) -> Option<Version> {
    let inside = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    let numbers: Vec<&str> = inside.split(',').map(str::trim).collect();
    let numbers = match numbers.as_slice() {
        [rest @ .., ""] => rest,
        all => all,
    };
    numbers.join(".").parse().ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::collections::HashMap;

    /// A tree of a few files, for tests of this room.
    pub struct Files(pub HashMap<&'static str, String>);

    impl Tree for Files {
        fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
            Ok(self.0.get(path).map(|text| text.clone().into_bytes()))
        }
    }

    /// What Django 6.0 says, in as few lines.
    pub fn django_60() -> Files {
        let minimum = |tuple: &str| format!("class A:\n    minimum_database_version = {tuple}\n");
        Files(HashMap::from([
            (
                "pyproject.toml",
                "requires-python = \">= 3.12\"\nclassifiers = [\n\
                 \"Programming Language :: Python :: 3 :: Only\",\n\
                 \"Programming Language :: Python :: 3.12\",\n\
                 \"Programming Language :: Python :: 3.13\",\n\
                 \"Programming Language :: Python :: 3.14\",\n]\n"
                    .to_owned(),
            ),
            ("django/db/backends/sqlite3/features.py", minimum("(3, 31)")),
            ("django/db/backends/postgresql/features.py", minimum("(14,)")),
            ("django/db/backends/oracle/features.py", minimum("(19,)")),
            (
                "django/db/backends/mysql/features.py",
                "class A:\n    @cached_property\n    def minimum_database_version(self):\n        \
                 if self.connection.mysql_is_mariadb:\n            return (10, 6)\n        \
                 else:\n            return (8, 0, 11)\n\n    @cached_property\n    def x(self):\n        return (1,)\n"
                    .to_owned(),
            ),
        ]))
    }

    #[test]
    fn a_checkout_says_what_it_supports_and_where() {
        let support = Support::read(&django_60()).expect("a known shape");
        let pythons: Vec<_> = support
            .python_specs()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(pythons, ["3.12", "3.13", "3.14"]);
        assert_eq!(support.pythons[0].1.to_string(), "pyproject.toml:4");
        let minimum = |kind| support.databases[&kind].0.to_string();
        assert_eq!(minimum(DatabaseKind::Postgresql), "14");
        assert_eq!(minimum(DatabaseKind::Mariadb), "10.6");
        assert_eq!(minimum(DatabaseKind::Mysql), "8.0.11");
    }

    #[test]
    fn an_old_checkout_keeps_its_classifiers_in_setup_cfg() {
        let mut files = django_60();
        files
            .0
            .insert("pyproject.toml", "[tool.black]\n".to_owned());
        files.0.insert(
            "setup.cfg",
            "classifiers =\n    Programming Language :: Python :: 3.8\n".to_owned(),
        );
        let support = Support::read(&files).expect("a known shape");
        assert_eq!(support.python_specs(), [PythonSpec::cpython(3, 8)]);
        assert_eq!(support.pythons[0].1.to_string(), "setup.cfg:2");
    }

    #[test]
    fn a_shape_not_known_is_an_error_with_its_line() {
        let mut files = django_60();
        files.0.insert(
            "django/db/backends/postgresql/features.py",
            "class A:\n    minimum_database_version = compute()\n".to_owned(),
        );
        let error = Support::read(&files)
            .expect_err("unknown shape")
            .to_string();
        assert!(
            error.starts_with("django/db/backends/postgresql/features.py:2:"),
            "{error}"
        );

        let mut files = django_60();
        files.0.insert(
            "django/db/backends/mysql/features.py",
            "    def minimum_database_version(self):\n        return (8, 4)\n".to_owned(),
        );
        assert!(Support::read(&files).is_err());
    }
}
