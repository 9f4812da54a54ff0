use std::env;
use std::path::PathBuf;

use etcetera::BaseStrategy;

use super::HostError;

/// Where djbuild keeps things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// What happened, which nobody can make again.
    pub state: PathBuf,
    /// What can be fetched or made again.
    pub cache: PathBuf,
}

impl Folders {
    /// The XDG folders, or those that `DJBUILD_STATE_DIR` and `DJBUILD_CACHE_DIR` name.
    ///
    /// # Errors
    /// When this user has no home.
    pub fn find() -> Result<Self, HostError> {
        let base = etcetera::choose_base_strategy().map_err(|_| HostError::NoHome)?;
        Ok(Self {
            state: named("DJBUILD_STATE_DIR").unwrap_or_else(|| {
                let state = base.state_dir().unwrap_or_else(|| base.data_dir());
                state.join("djbuild")
            }),
            cache: named("DJBUILD_CACHE_DIR").unwrap_or_else(|| base.cache_dir().join("djbuild")),
        })
    }
}

/// The user's configuration file, whether it is there or not.
pub fn config_file() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("djbuild/config.toml"))
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
