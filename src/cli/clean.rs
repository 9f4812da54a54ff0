use super::Outcome;
use super::args::CleanOptions;
use super::error::CliError;
use super::exit::Exit;
use super::host::{self, Folders};
use super::sinks::say;
use crate::engine::{self, Leftover};
use crate::model::plural;
use crate::runtime::Runtime;
use crate::store::{Liveness, State};

pub async fn clean(options: &CleanOptions) -> Outcome {
    let folders = Folders::find()?;
    let docker = host::engine().await?;
    let owner = folders.state.owner()?;
    let all = engine::leftovers(&docker).await?;
    let (dead, others): (Vec<Leftover>, Vec<Leftover>) = all
        .into_iter()
        .partition(|leftover| is_dead(leftover, &owner, &folders.state));
    for leftover in &dead {
        let verb = if options.dry_run {
            "would remove"
        } else {
            "removing"
        };
        say(&format!(
            "{verb} {} {}\n",
            leftover.kind.as_str(),
            leftover.name
        ))?;
    }
    if !options.dry_run {
        engine::remove_leftovers(&docker, &dead).await?;
    }
    let foreign = others
        .iter()
        .filter(|leftover| leftover.owner != owner)
        .count();
    if foreign > 0 {
        say(&format!(
            "left alone: {} of other users of this engine\n",
            plural(foreign as u64, "thing")
        ))?;
    }
    let live = others.len() - foreign;
    if live > 0 {
        say(&format!(
            "left alone: {} of runs that go on, or of which nobody can tell\n",
            plural(live as u64, "thing")
        ))?;
    }
    if dead.is_empty() {
        say("nothing to remove\n")?;
    }
    Ok(Exit::Passed)
}

/// Removes what this installation's dead runs left, and says how much it was.
pub async fn sweep_dead(runtime: &dyn Runtime, state: &State) -> Result<usize, CliError> {
    let owner = state.owner()?;
    let removed = engine::sweep(runtime, |leftover| is_dead(leftover, &owner, state)).await?;
    Ok(removed.len())
}

/// Whether something is of this installation, and of a run whose process is gone.
pub fn is_dead(leftover: &Leftover, owner: &str, state: &State) -> bool {
    leftover.owner == owner && state.liveness(&leftover.run) == Liveness::Dead
}
