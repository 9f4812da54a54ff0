use super::RunError;
use crate::engine::{self, Leftover};
use crate::runtime::Runtime;
use crate::store::{Liveness, State};

/// Removes what this installation's dead runs left, and says how much it was.
///
/// # Errors
/// When the engine does not answer or something could not be removed.
pub async fn sweep_dead(runtime: &dyn Runtime, state: &State) -> Result<usize, RunError> {
    let owner = state.owner()?;
    let removed = engine::sweep(runtime, |leftover| is_dead(leftover, &owner, state)).await?;
    Ok(removed.len())
}

/// Whether something is of this installation, and of a run whose process is gone.
pub fn is_dead(leftover: &Leftover, owner: &str, state: &State) -> bool {
    leftover.owner == owner && state.liveness(&leftover.run) == Liveness::Dead
}
