use super::args::CleanOptions;
use super::connect;
use super::error::Outcome;
use super::exit::Exit;
use super::say::say;
use crate::engine::{self, Leftover};
use crate::model::plural;
use crate::run::{Home, is_dead};

pub async fn clean(options: &CleanOptions) -> Outcome {
    let folders = Home::find()?;
    let docker = connect::container_engine().await?;
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
