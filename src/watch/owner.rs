use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::WatchError;
use crate::run::Home;
use crate::store::StoreError;

/// Held by the only watcher of a state folder. The system releases it however the
/// process ends.
#[derive(Debug)]
pub struct Owner {
    _file: File,
}

/// Whoever watches already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other(pub String);

impl Other {
    /// Who watches now, if anybody does.
    pub fn find(home: &Home) -> Option<Self> {
        let path = home.state.folder().join("watch.lock");
        let mut file = File::options().read(true).write(true).open(path).ok()?;
        let Err(TryLockError::WouldBlock) = file.try_lock_shared() else {
            return None;
        };
        let mut who = String::new();
        file.read_to_string(&mut who).ok()?;
        Some(Self(who.trim().to_owned()))
    }
}

impl Owner {
    /// Becomes the only watcher, or says who is.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn become_it(home: &Home) -> Result<Result<Self, Other>, WatchError> {
        let path: PathBuf = home.state.folder().join("watch.lock");
        let io = |error| StoreError::Io {
            path: path.clone(),
            error,
        };
        std::fs::create_dir_all(home.state.folder()).map_err(io)?;
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut who = String::new();
                file.read_to_string(&mut who).map_err(io)?;
                return Ok(Err(Other(who.trim().to_owned())));
            }
            Err(TryLockError::Error(error)) => return Err(io(error).into()),
        }
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC");
        let who = format!(
            "process {} on {} since {now}\n",
            std::process::id(),
            host.trim()
        );
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(who.as_bytes())
        };
        write(&mut file).map_err(io)?;
        Ok(Ok(Self { _file: file }))
    }
}
