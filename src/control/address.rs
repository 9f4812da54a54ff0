use std::fs::{self, DirBuilder, File, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::ControlError;
use crate::run::Home;

/// Bytes of the longest path of a socket: `sun_path` in unix(7), with a zero at its end.
const LONGEST: usize = 107;

/// Where a watcher listens.
#[derive(Debug, Clone)]
pub struct Address {
    folder: PathBuf,
}

impl Address {
    /// The socket of whoever watches with this state.
    pub fn of(home: &Home) -> Self {
        Self {
            folder: home.state.folder().join("control"),
        }
    }

    /// Its path.
    pub fn path(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Makes its folder, for its owner alone.
    ///
    /// # Errors
    /// When it cannot be made, or is open to others.
    pub(super) fn make_folder(&self) -> Result<(), ControlError> {
        let io = |error| ControlError::Io {
            path: self.folder.clone(),
            error,
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.folder).map_err(io)?;
        // Where it was there already, as somebody else made it.
        let _ = fs::set_permissions(&self.folder, Permissions::from_mode(0o700));
        let found = fs::symlink_metadata(&self.folder).map_err(io)?;
        if !found.is_dir() || found.mode() & 0o077 != 0 {
            return Err(ControlError::Open(self.folder.clone()));
        }
        Ok(())
    }

    /// Does something with the socket by a path that is short enough for the system: a
    /// long one leads through a descriptor of its folder.
    ///
    /// # Errors
    /// When the folder is not there, or what is done has one.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Path) -> std::io::Result<T>,
    ) -> Result<T, ControlError> {
        let path = self.path();
        let io = |error| ControlError::Io {
            path: path.clone(),
            error,
        };
        if path.as_os_str().len() <= LONGEST {
            return work(&path).map_err(io);
        }
        let folder = File::open(&self.folder).map_err(io)?;
        let short = format!("/proc/self/fd/{}/socket", folder.as_raw_fd());
        work(Path::new(&short)).map_err(io)
    }
}
