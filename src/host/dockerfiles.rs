use std::path::Path;

use super::HostError;
use crate::plan::Dockerfiles;

/// The Dockerfiles, with the user's own in place of djbuild's.
///
/// # Errors
/// When a file of the user's cannot be read.
pub fn dockerfiles(own: Option<&Path>) -> Result<Dockerfiles, HostError> {
    let mut files = Dockerfiles::embedded();
    if let Some(folder) = own {
        overlay(folder, "", &mut files)?;
    }
    Ok(files)
}

fn overlay(folder: &Path, prefix: &str, files: &mut Dockerfiles) -> Result<(), HostError> {
    let failed = || HostError::read(folder);
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}/{name}")
        };
        if entry.path().is_dir() {
            overlay(&entry.path(), &path, files)?;
        } else {
            files.replace(&path, std::fs::read(entry.path()).map_err(failed())?);
        }
    }
    Ok(())
}
