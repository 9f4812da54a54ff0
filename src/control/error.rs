use std::path::PathBuf;

/// Why a watcher cannot be spoken to.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The socket, or its folder.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Somebody else could listen in.
    #[error("{}: others may enter this folder; it has to be its owner's alone (chmod 700)", .0.display())]
    Open(PathBuf),
    /// It hung up.
    #[error("the watcher has ended")]
    Gone,
    /// It says what nobody understands.
    #[error("the watcher is another version of djbuild ({0}): begin it again")]
    Strange(String),
    /// It does not do what it was asked for.
    #[error("{0}")]
    Refused(String),
}
