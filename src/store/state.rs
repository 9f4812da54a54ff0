use std::io::Write;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::private::{make_folder, tighten, tighten_all};
use crate::model::RunId;

/// The format of what is kept: 1 had no test tables, 2 none for a watcher, 3 neither which
/// tests counted against a cell nor who may steer a watcher. A newer one is left untouched.
pub const FORMAT: u32 = 4;

/// The folder in which djbuild keeps what happened.
#[derive(Debug, Clone)]
pub struct State {
    folder: PathBuf,
}

impl State {
    /// The state in this folder, which is made when something is kept.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of all runs.
    pub(super) fn runs_folder(&self) -> PathBuf {
        self.folder.join("runs")
    }

    /// The folder of a run.
    pub fn run_folder(&self, run: &RunId) -> PathBuf {
        self.runs_folder().join(run.as_str())
    }

    /// Where the index is.
    pub fn history_file(&self) -> PathBuf {
        self.folder.join("history.sqlite3")
    }

    /// Refuses a folder that a newer djbuild keeps its runs in.
    ///
    /// # Errors
    /// When its format is newer than this one knows.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let path = self.version_file();
        let found = std::fs::read_to_string(&path)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(FORMAT);
        if found > FORMAT {
            return Err(StoreError::Newer {
                path,
                found,
                known: FORMAT,
            });
        }
        Ok(())
    }

    /// Makes the folder, for its owner alone, and marks its format.
    ///
    /// # Errors
    /// When it cannot be written, or is a newer djbuild's.
    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        self.check()?;
        let version = self.version_file();
        let marked = std::fs::read_to_string(&version).unwrap_or_default();
        if marked.trim() == FORMAT.to_string() {
            return Ok(());
        }
        let is_empty = || {
            let mut entries = std::fs::read_dir(&self.folder).into_iter().flatten();
            entries.next().is_none()
        };
        let is_ours = ["owner", "history.sqlite3", "runs"]
            .iter()
            .any(|name| self.folder.join(name).exists())
            || is_empty();
        let runs = self.runs_folder();
        make_folder(&runs).map_err(StoreError::io(&runs))?;
        // A folder with other things in it is somebody's for another purpose.
        if is_ours {
            tighten(&self.folder);
        }
        tighten_all(&runs);
        tighten(&self.folder.join("owner"));
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            writeln!(file, "{FORMAT}")?;
            file.persist(&version)?;
            Ok(())
        };
        write().map_err(StoreError::io(&version))
    }

    fn version_file(&self) -> PathBuf {
        self.folder.join("version")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        let metadata = std::fs::metadata(path).expect("there");
        metadata.permissions().mode() & 0o777
    }

    #[test]
    fn what_an_earlier_version_left_open_is_closed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::new(folder.path().join("state"));
        let cells = state.run_folder(&RunId::new("r")).join("cells");
        std::fs::create_dir_all(&cells).expect("writable");
        let log = cells.join("c.jsonl.zst");
        std::fs::write(&log, "").expect("writable");
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("ours");
        };
        set(&log, 0o644);
        set(state.folder(), 0o755);
        state.prepare().expect("writable");
        assert_eq!(mode(state.folder()), 0o700);
        assert_eq!(mode(&cells), 0o700);
        assert_eq!(mode(&log), 0o600);
        assert_eq!(mode(&state.version_file()), 0o600);
    }

    #[test]
    fn a_folder_with_other_things_in_it_keeps_its_mode() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().join("home");
        std::fs::create_dir_all(home.join("music")).expect("writable");
        std::fs::set_permissions(&home, PermissionsExt::from_mode(0o755)).expect("ours");
        let state = State::new(home.clone());
        state.prepare().expect("writable");
        assert_eq!(mode(&home), 0o755);
        assert_eq!(mode(&state.runs_folder()), 0o700);
    }

    #[test]
    fn what_a_newer_version_wrote_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::new(folder.path().to_owned());
        std::fs::write(state.version_file(), format!("{}\n", FORMAT + 1)).expect("writable");
        let error = state.prepare().expect_err("it is newer");
        assert!(error.to_string().contains("DJBUILD_STATE_DIR"), "{error}");
        let names = std::fs::read_dir(folder.path()).expect("there").count();
        assert_eq!(names, 1, "nothing was made");
    }
}
