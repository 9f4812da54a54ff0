//! The machine djbuild itself runs on: its folders, its variables, its programs.
//!
//! **Architecture invariant:** whoever wants to know what this machine says asks
//! here, and gets values.

mod debian;
mod dockerfiles;
mod environment;
mod folders;

use std::path::PathBuf;

pub use debian::Mmdebstrap;
pub use dockerfiles::dockerfiles;
pub use environment::{build_environment, ca_variables, package_index_url};
pub use folders::{Folders, config_file};

/// What this machine could not give.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Nobody says where this user's files are.
    #[error("no home folder: set HOME")]
    NoHome,
    /// A file or folder could not be read.
    #[error("{path}: {error}")]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

impl HostError {
    fn read(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::Read { path, error }
    }
}
