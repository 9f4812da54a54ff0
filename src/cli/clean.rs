use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use super::args::CleanOptions;
use super::connect;
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::say::say;
use crate::engine::{self, Leftover};
use crate::model::plural;
use crate::run::{Home, Judge, sweep_late};

/// Of an owner that nobody here knows, things younger than this are left alone
/// unless an age is named.
const STRANGERS: Duration = Duration::from_secs(24 * 3600);

pub async fn clean(options: &CleanOptions) -> Outcome {
    let home = Home::find()?;
    let docker = connect::container_engine().await?;
    let all = engine::leftovers(&docker).await?;
    let judge = Judge::new(&home.state, &all)?;
    let chosen: Vec<Leftover> = all
        .iter()
        .filter(|leftover| judge.is_dead(leftover) || is_asked_for(leftover, &judge, options))
        .cloned()
        .collect();
    let unsure = chosen.iter().any(|leftover| !judge.is_dead(leftover));
    let verb = if options.dry_run {
        "would remove"
    } else if unsure && !options.yes {
        "to be removed:"
    } else {
        "removing"
    };
    // A sign of life is nothing to a person.
    for leftover in chosen.iter().filter(|leftover| leftover.beat.is_none()) {
        let kind = leftover.kind.as_str();
        say(&format!("{verb} {kind} {}\n", leftover.name))?;
    }
    if !options.dry_run {
        if unsure && !options.yes && !confirmed()? {
            say("nothing was removed\n")?;
            return Ok(Exit::Passed);
        }
        engine::remove_leftovers(&docker, &chosen).await?;
        if chosen.iter().any(|leftover| judge.is_dead(leftover)) {
            let late = sweep_late(&docker, &home.state).await?;
            if late > 0 {
                let more = plural(late as u64, "thing");
                say(&format!("removed {more} that the engine made meanwhile\n"))?;
            }
        }
    }
    tell_the_rest(&all, &chosen, &judge)?;
    Ok(Exit::Passed)
}

/// Whether something goes although its run is not known to be dead.
fn is_asked_for(leftover: &Leftover, judge: &Judge<'_>, options: &CleanOptions) -> bool {
    match (judge.is_own(leftover), options.older_than) {
        (true, Some(age)) => judge.is_abandoned(leftover, age),
        (true, None) => false,
        (false, age) => {
            options.all_owners && judge.is_abandoned(leftover, age.unwrap_or(STRANGERS))
        }
    }
}

/// Asks whoever sits at the terminal.
fn confirmed() -> Result<bool, CliError> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(CliError::Usage(
            "whether these runs are dead cannot be told from here: add --yes to remove what they \
             left, or --dry-run to see it"
                .to_owned(),
        ));
    }
    say("Their runs are not known to be dead. Remove all that? [y/N] ")?;
    std::io::stdout()
        .flush()
        .map_err(CliError::read("standard output"))?;
    let mut answer = String::new();
    stdin
        .lock()
        .read_line(&mut answer)
        .map_err(CliError::read("standard input"))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn tell_the_rest(all: &[Leftover], chosen: &[Leftover], judge: &Judge<'_>) -> Result<(), CliError> {
    let stays = |leftover: &&Leftover| leftover.beat.is_none() && !chosen.contains(leftover);
    let (own, foreign): (Vec<&Leftover>, Vec<&Leftover>) = all
        .iter()
        .filter(stays)
        .partition(|leftover| judge.is_own(leftover));
    if !foreign.is_empty() {
        let things = plural(foreign.len() as u64, "thing");
        say(&format!(
            "left alone: {things} of other users of this engine (--all-owners)\n"
        ))?;
    }
    if !own.is_empty() {
        let things = plural(own.len() as u64, "thing");
        say(&format!("left alone: {things} of runs that go on\n"))?;
    }
    if !chosen.iter().any(|leftover| leftover.beat.is_none()) {
        say("nothing to remove\n")?;
    }
    Ok(())
}
