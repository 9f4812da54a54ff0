use std::path::PathBuf;

use super::names::Names;
use super::{State, StoreError, paths};
use crate::model::RunId;

impl State {
    /// The runs that have a folder, the last first: their ids sort by time. What has
    /// no log, as the making of images, is no run.
    ///
    /// # Errors
    /// When the folder cannot be read, or is a newer djbuild's.
    pub fn runs(&self) -> Result<impl Iterator<Item = RunId>, StoreError> {
        let mut runs = self.folders()?;
        runs.sort_by(|one, other| other.cmp(one));
        let has_log = |folder: &PathBuf| paths::events(folder).is_file();
        let folder = self.runs_folder();
        Ok(runs
            .into_iter()
            .filter(move |run| has_log(&folder.join(run.as_str()))))
    }

    /// Everything that has a folder.
    pub(super) fn folders(&self) -> Result<Vec<RunId>, StoreError> {
        self.check()?;
        let path = self.runs_folder();
        match std::fs::read_dir(&path) {
            Ok(entries) => Ok(entries
                .flatten()
                .filter_map(|entry| entry.file_name().into_string().ok())
                .filter(|name| !name.starts_with('.'))
                .map(RunId::new)
                .collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(StoreError::io(path)(error)),
        }
    }

    /// The ids of the tests of a run that had an outcome.
    pub fn tests(&self, run: &RunId) -> Vec<String> {
        Names::new(&self.run_folder(run)).all().to_vec()
    }
}
