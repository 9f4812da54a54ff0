use super::args::PruneRunsOptions;
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::say::{say, warn};
use crate::model::{bytes, duration, plural};
use crate::run::{Home, RunError, unused};
use crate::source::CachePart;
use crate::store::{Excess, Reclaimable, Retention, State};

/// Removes what need not be kept, and says what that freed.
pub fn prune(options: &PruneRunsOptions) -> Outcome {
    let home = Home::find()?;
    if options.reindex {
        reindex(&home.state)?;
    }
    let freed = runs(&home.state, options)? + sources(&home, options)?;
    let verb = if options.dry_run {
        "would free"
    } else {
        "freed"
    };
    say(&match freed {
        0 => "nothing to remove\n".to_owned(),
        freed => format!("{verb} {}\n", bytes(freed)),
    })?;
    Ok(Exit::Passed)
}

/// Runs, and the bytes that they took.
fn runs(state: &State, options: &PruneRunsOptions) -> Result<u64, CliError> {
    let retention = options.keeping.retention();
    let found = state.reclaimable(&retention)?;
    let verb = if options.dry_run {
        "would remove"
    } else {
        "removing"
    };
    for reclaimable in &found {
        say(&format!(
            "{verb} run {} ({}): {}\n",
            reclaimable.run,
            bytes(reclaimable.bytes),
            why(reclaimable, &retention)
        ))?;
    }
    if options.dry_run {
        return Ok(found.iter().map(|found| found.bytes).sum());
    }
    Ok(state.reclaim(&found)?)
}

/// What nobody has used for long of the cache, and the bytes that it took.
fn sources(home: &Home, options: &PruneRunsOptions) -> Result<u64, CliError> {
    let mut freed = 0;
    for part in unused(home)? {
        let what = match &part.part {
            CachePart::Mirror => "mirror".to_owned(),
            CachePart::Refs(_) => "refs of mirror".to_owned(),
            CachePart::Releases(versions) => format!("Django {} from", versions.join(", ")),
            CachePart::Tree => "list of files".to_owned(),
            CachePart::Leftover => "half-written file".to_owned(),
        };
        let mut what = format!("{what} {}", part.path.display());
        if part.bytes > 0 {
            what += &format!(" ({})", bytes(part.bytes));
        }
        if options.dry_run {
            say(&format!("would remove {what}\n"))?;
        } else if part.remove().map_err(RunError::from)? {
            say(&format!("removed {what}\n"))?;
        } else {
            continue;
        }
        freed += part.bytes;
    }
    Ok(freed)
}

fn why(reclaimable: &Reclaimable, retention: &Retention) -> String {
    match reclaimable.why {
        Excess::Age => format!("older than {}", age(retention.max_age.as_secs())),
        Excess::Count => format!("beyond the newest {}", plural(retention.max_runs, "run")),
        Excess::Size => format!("newer ones take {}", bytes(retention.max_bytes)),
        Excess::NoRun => "left by what never became a run".to_owned(),
    }
}

fn age(seconds: u64) -> String {
    const DAY: u64 = 86_400;
    match seconds {
        0..DAY => duration(f64::from(u32::try_from(seconds).unwrap_or(u32::MAX))),
        _ => plural(seconds / DAY, "day"),
    }
}

fn reindex(state: &State) -> Result<(), CliError> {
    let done = state.reindex()?;
    if let Some(aside) = &done.aside {
        warn(&format!(
            "the index was no index; it is now {}",
            aside.display()
        ));
    }
    for (run, error) in &done.unreadable {
        warn(&format!(
            "run {run} cannot be read, and is left alone: {error}"
        ));
    }
    say(&format!("{} in the index\n", plural(done.runs, "run")))
}
