use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::error::SourceError;
use super::manifest::{Entry, Mode};

/// A file or link on disk, as git would keep it; `None` for what is gone or is a
/// folder.
pub fn read_file(path: &Path) -> Result<Option<(Entry, Vec<u8>)>, SourceError> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(SourceError::io(path)(error)),
    };
    let (mode, bytes) = if metadata.is_symlink() {
        let target = path.read_link().map_err(SourceError::io(path))?;
        (Mode::Symlink, target.into_os_string().into_vec())
    } else if metadata.is_file() {
        let mode = if metadata.permissions().mode() & 0o100 == 0 {
            Mode::Regular
        } else {
            Mode::Executable
        };
        (mode, std::fs::read(path).map_err(SourceError::io(path))?)
    } else {
        return Ok(None);
    };
    let id = git2::Oid::hash_object(git2::ObjectType::Blob, &bytes)
        .map_err(SourceError::git(path.display().to_string()))?;
    Ok(Some((Entry::new(mode, id), bytes)))
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}
