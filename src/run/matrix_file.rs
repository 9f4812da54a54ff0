use std::path::{Path, PathBuf};

use super::{RunError, Scope};
use crate::spec::{self, BUILTIN, MatrixText, Releases, Spec, builtin, nearest};

/// The matrix file that is taken where there is one and none is named.
pub const FILE_NAME: &str = "djbuild.toml";

/// Bytes of the largest matrix file that another may extend.
const LARGEST: u64 = 1 << 20;

/// Reads the matrix file that was asked for, with those it extends.
///
/// # Errors
/// When there is none of that name, or it is wrong.
pub fn read_spec(scope: &Scope) -> Result<Spec, RunError> {
    let file = match &scope.text {
        Some(text) => MatrixText::new(scope.matrix.as_deref().unwrap_or(FILE_NAME), text),
        None => matrix_text(scope.matrix.as_deref(), &scope.folder)?,
    };
    let releases = releases(scope.releases.as_deref(), &scope.folder)?;
    parse(&file, &releases, &scope.folder)
}

/// Reads a matrix file, and those it extends, whose relative paths start in `folder`.
///
/// # Errors
/// When it is wrong: everything that is.
pub fn parse(file: &MatrixText, releases: &Releases, folder: &Path) -> Result<Spec, RunError> {
    Ok(spec::parse(file, releases, &|path| {
        load(&folder.join(path))
    })?)
}

/// Reads a file that another extends: a plain one, and no larger than people
/// write them, for whose it is nobody knows.
fn load(path: &Path) -> Result<String, String> {
    let there = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !there.is_file() || there.len() > LARGEST || path.starts_with("/proc") {
        return Err("this is no matrix file".to_owned());
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The table of releases, with the user's own over it.
///
/// # Errors
/// When the user's cannot be read.
pub fn releases(more: Option<&Path>, folder: &Path) -> Result<Releases, RunError> {
    let mut releases = Releases::shipped();
    if let Some(path) = more {
        let wrong =
            |why: String| RunError::Request(format!("--releases {}: {why}", path.display()));
        let text =
            std::fs::read_to_string(folder.join(path)).map_err(|error| wrong(error.to_string()))?;
        releases
            .overlay(&text)
            .map_err(|error| wrong(error.to_string()))?;
    }
    Ok(releases)
}

/// The file of the project around a folder, if it has one, named as briefly as it
/// can be, for it is cited.
pub fn of_project(folder: &Path) -> Option<PathBuf> {
    let found = folder
        .ancestors()
        .find(|folder| folder.join(FILE_NAME).is_file())?;
    let path = found.join(FILE_NAME);
    Some(match path.strip_prefix(folder) {
        Ok(relative) => relative.to_owned(),
        Err(_) => path,
    })
}

/// The matrix file of this name, else the project's own, else the quick one.
///
/// # Errors
/// When there is none of that name.
pub fn matrix_text(name: Option<&str>, folder: &Path) -> Result<MatrixText, RunError> {
    let project;
    let name = match name {
        Some(name) => name,
        None => match of_project(folder) {
            Some(path) => {
                project = path.to_string_lossy().into_owned();
                project.as_str()
            }
            None => BUILTIN[0].name,
        },
    };
    if let Some(file) = builtin(name) {
        return Ok(MatrixText::new(name, file.text));
    }
    match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(MatrixText::new(name, &text)),
        Err(error) => {
            let known: Vec<&str> = BUILTIN.iter().map(|file| file.name).collect();
            let advice = match nearest(name, &known) {
                Some(word) => format!("did you mean {word}?"),
                None if error.kind() != std::io::ErrorKind::NotFound => {
                    "a matrix file is a TOML file in UTF-8".to_owned()
                }
                None => format!(
                    "the matrices that come with djbuild are {}; `djbuild init` writes one",
                    known.join(" and ")
                ),
            };
            Err(RunError::Request(format!(
                "--matrix {name}: {error}; {advice}"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_said_when_it_was_read_counts_where_it_is_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(FILE_NAME), "broken [").expect("writable");
        let scope = Scope {
            folder: folder.path().to_owned(),
            text: Some("pythons = \"3.14\"\ndatabases = \"sqlite\"\n".to_owned()),
            ..Scope::default()
        };
        let spec = read_spec(&scope).expect("what it said");
        assert_eq!(spec.databases.len(), 1);
        let now = Scope {
            text: None,
            ..scope
        };
        assert!(read_spec(&now).is_err());
    }
}
