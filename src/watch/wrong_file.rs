use std::path::PathBuf;

use super::WatchError;
use crate::run::Home;
use crate::store::StoreError;

/// Where it is kept what is wrong with a watcher's file, for whoever asks how it goes.
pub struct WrongFile(PathBuf);

impl WrongFile {
    /// That of this state folder.
    pub fn of(home: &Home) -> Self {
        Self(home.state.folder().join("watch.wrong"))
    }

    /// What is wrong, if anything is.
    pub fn read(&self) -> Option<String> {
        std::fs::read_to_string(&self.0).ok()
    }

    pub(super) fn note(&self, why: Option<&str>) -> Result<(), WatchError> {
        let io = |error| StoreError::Io {
            path: self.0.clone(),
            error,
        };
        match why {
            Some(why) => {
                let folder = self.0.parent().unwrap_or(&self.0);
                let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
                std::io::Write::write_all(&mut file, why.as_bytes()).map_err(io)?;
                file.persist(&self.0).map_err(|error| io(error.error))?;
            }
            None => match std::fs::remove_file(&self.0) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(io(error).into());
                }
                _ => {}
            },
        }
        Ok(())
    }
}
