use std::time::Duration;

use super::{Home, RunError};
use crate::source::{self, Keep};
use crate::store::Retention;

/// Of what can be fetched again, what was used within this time stays, as far as
/// there is room.
const CACHE: Keep = Keep {
    used_within: Duration::from_secs(30 * 86_400),
    bytes: Some(10_000_000_000),
};

/// Removes earlier runs that need not be kept, and what nobody has used for long of
/// the cache, so that months of runs stay bounded. Blocks this thread.
///
/// # Errors
/// The first thing that could not be removed.
pub fn tidy(home: &Home, retention: &Retention) -> Result<(), RunError> {
    let runs = home.state.reclaimable(retention)?;
    home.state.reclaim(&runs)?;
    for part in unused(home)? {
        part.remove()?;
    }
    Ok(())
}

/// What can go of the cache.
///
/// # Errors
/// When it is there and cannot be read.
pub fn unused(home: &Home) -> Result<Vec<source::Reclaimable>, RunError> {
    Ok(source::Reclaimable::find(&home.cache, CACHE)?)
}
