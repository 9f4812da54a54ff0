use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why something could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The index could not be read or written.
    #[error("{path}: {error}{}", advice(error))]
    Index {
        /// Where it is.
        path: PathBuf,
        /// What SQLite said.
        error: rusqlite::Error,
    },
    /// Something of a run that goes on could not be kept; the rest is.
    #[error(
        "{error}; the run goes on, and what was kept of it stays readable (`djbuild prune` frees \
         space)"
    )]
    Incomplete {
        /// What could not be done.
        error: Box<StoreError>,
    },
    /// A newer djbuild wrote here, and an older one would spoil it.
    #[error(
        "{path}: a newer djbuild keeps its runs here (format {found}, this one knows {known}), so \
         nothing was touched; use that djbuild, or name another folder in DJBUILD_STATE_DIR"
    )]
    Newer {
        /// What says so.
        path: PathBuf,
        /// The format that is there.
        found: u32,
        /// The newest format this djbuild knows.
        known: u32,
    },
    /// A test pulled the plug.
    #[error("the plug was pulled: {0}")]
    Unplugged(&'static str),
    /// A log does not hold a run.
    #[error("{0}: no run is recorded here")]
    NoRun(PathBuf),
}

/// Whether what is there is no index, or one that was damaged.
pub(super) fn is_rubbish(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    )
}

fn advice(error: &rusqlite::Error) -> &'static str {
    if is_rubbish(error) {
        "; `djbuild prune --reindex` makes it again from the runs' folders"
    } else {
        ""
    }
}

impl StoreError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }

    pub(super) fn index(path: impl Into<PathBuf>) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.into();
        move |error| Self::Index { path, error }
    }
}
