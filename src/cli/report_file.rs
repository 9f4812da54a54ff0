use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{ReportFile, ReportKind};
use super::error::CliError;
use crate::event::Summary;
use crate::report;

/// How a report gets to where the user wants it.
enum Target {
    /// As a file, whole or not at all.
    File(PathBuf),
    /// Into a pipe or a device, which must not be replaced by a file.
    Stream,
}

impl Target {
    fn of(path: &Path) -> Self {
        let is_stream = path
            .metadata()
            .is_ok_and(|there| !there.is_file() && !there.is_dir());
        let is_descriptor = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"]
            .iter()
            .any(|place| path.starts_with(place));
        if is_stream || is_descriptor {
            return Self::Stream;
        }
        // Through a link, to the file it stands for.
        Self::File(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
    }
}

/// The folder a file is in, or is to be in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Asked before a run that may take hours.
pub fn check_writable(path: &Path) -> Result<(), CliError> {
    let refuse = |why: String| {
        let path = path.display();
        CliError::Usage(format!(
            "--report {path}: no file can be written there: {why}"
        ))
    };
    let Target::File(file) = Target::of(path) else {
        return Ok(());
    };
    if file.is_dir() {
        return Err(refuse("it is a folder".to_owned()));
    }
    let folder = folder_of(&file);
    if !folder.is_dir() {
        return Err(refuse(format!("there is no folder {}", folder.display())));
    }
    match tempfile::tempfile_in(folder) {
        Ok(_) => Ok(()),
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// Writes a report.
pub fn write_report(report: &ReportFile, summary: &Summary) -> Result<(), CliError> {
    let bytes = match report.kind {
        ReportKind::Junit => report::junit(summary),
        ReportKind::Json => report::json(summary),
        ReportKind::Markdown => report::markdown(summary),
    };
    let write = || -> std::io::Result<()> {
        match Target::of(&report.path) {
            Target::File(path) => {
                // As any new file: the umask decides who may read it.
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
                let mut file = tempfile::Builder::new()
                    .permissions(mode)
                    .tempfile_in(folder_of(&path))?;
                file.write_all(&bytes)?;
                file.persist(&path)?;
                Ok(())
            }
            Target::Stream => OpenOptions::new()
                .append(true)
                .open(&report.path)?
                .write_all(&bytes),
        }
    };
    write().map_err(|error| CliError::Write {
        path: report.path.clone(),
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_written_to_and_never_replaced() {
        for path in ["/dev/stdout", "/dev/null", "/proc/self/fd/1"] {
            assert!(
                matches!(Target::of(Path::new(path)), Target::Stream),
                "{path}"
            );
        }
    }

    #[test]
    fn a_file_in_memory_is_a_file() {
        let path = Path::new("/dev/shm/report.xml");
        assert!(matches!(Target::of(path), Target::File(_)));
    }

    #[test]
    fn a_link_is_followed_to_its_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder
            .path()
            .canonicalize()
            .expect("there")
            .join("report.xml");
        std::fs::write(&file, "old").expect("writable");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        assert!(matches!(Target::of(&link), Target::File(path) if path == file));
    }
}
