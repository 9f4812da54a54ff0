use std::fs::File;
use std::path::Path;

use super::error::SourceError;

/// Waits for whoever else holds this file, and holds it until it is dropped.
pub fn hold(path: &Path) -> Result<File, SourceError> {
    let lock = File::create(path).map_err(SourceError::io(path))?;
    lock.lock().map_err(SourceError::io(path))?;
    Ok(lock)
}

/// The same, unless somebody has it or it cannot be had.
pub fn hold_if_free(path: &Path) -> Option<File> {
    let file = File::create(path).ok()?;
    file.try_lock().is_ok().then_some(file)
}
