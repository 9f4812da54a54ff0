use std::path::{Path, PathBuf};

use super::args::SelectOptions;
use super::error::CliError;
use crate::spec::{self, BUILTIN, MatrixText, Releases, Spec, builtin, nearest};

/// The matrix file that is taken where there is one and none is named.
pub const FILE_NAME: &str = "djbuild.toml";

/// Bytes of the largest matrix file that another may extend.
const LARGEST: u64 = 1 << 20;

/// Reads the matrix file that was asked for, with those it extends.
pub fn read_spec(options: &SelectOptions) -> Result<Spec, CliError> {
    let file = find(options.matrix.as_deref())?;
    parse(&file, &releases(options.releases.as_deref())?)
}

/// Reads a matrix file.
pub fn parse(file: &MatrixText, releases: &Releases) -> Result<Spec, CliError> {
    Ok(spec::parse(file, releases, &load)?)
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
pub fn releases(more: Option<&Path>) -> Result<Releases, CliError> {
    let mut releases = Releases::shipped();
    if let Some(path) = more {
        let wrong = |why: String| CliError::Usage(format!("--releases {}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        releases
            .overlay(&text)
            .map_err(|error| wrong(error.to_string()))?;
    }
    Ok(releases)
}

/// The file of the project around the current folder, if it has one.
pub fn of_project() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let found = here
        .ancestors()
        .find(|folder| folder.join(FILE_NAME).is_file())?;
    let path = found.join(FILE_NAME);
    // Named as briefly as it can be, for it is cited.
    Some(match path.strip_prefix(&here) {
        Ok(relative) => relative.to_owned(),
        Err(_) => path,
    })
}

fn find(name: Option<&str>) -> Result<MatrixText, CliError> {
    let project;
    let name = match name {
        Some(name) => name,
        None => match of_project() {
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
    match std::fs::read_to_string(name) {
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
            Err(CliError::Usage(format!(
                "--matrix {name}: {error}; {advice}"
            )))
        }
    }
}
