use std::path::PathBuf;

use crate::host::{Folders, HostError};
use crate::store::State;

/// Where runs keep and find things.
#[derive(Debug, Clone)]
pub struct Home {
    /// What happened.
    pub state: State,
    /// What can be fetched or made again.
    pub cache: PathBuf,
}

impl Home {
    /// This user's.
    ///
    /// # Errors
    /// When they have none.
    pub fn find() -> Result<Self, HostError> {
        let Folders { state, cache } = Folders::find()?;
        Ok(Self {
            state: State::new(state),
            cache,
        })
    }
}
