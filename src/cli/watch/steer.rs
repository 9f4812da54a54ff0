//! What people tell a watcher, whether it goes on or not: it is kept, and seen within a
//! second.

use super::Farm;
use crate::cli::args::{CancelOptions, ForceOptions, PauseOptions, ResendOptions, StopOptions};
use crate::cli::error::{CliError, Outcome};
use crate::cli::exit::Exit;
use crate::cli::say::say;
use crate::model::Cell;
use crate::run::Home;
use crate::spec::{Job, Scheduler, Watch};
use crate::store::farm::Book;
use crate::watch::{self, Force, now};

/// Has the tip of a branch run now.
pub fn force(options: &ForceOptions) -> Outcome {
    let scheduler = |watch: &Watch| -> Result<Scheduler, CliError> {
        let mut schedulers = watch.schedulers.iter();
        let found = match &options.scheduler {
            Some(name) => schedulers.find(|one| one.name == *name),
            None => schedulers.find(|one| one.watches(&options.branch)),
        };
        found.cloned().ok_or_else(|| {
            CliError::Usage(match &options.scheduler {
                Some(name) => format!("--scheduler {name}: there is none of this name"),
                None => format!("--branch {}: no scheduler watches it", options.branch),
            })
        })
    };
    let who = user();
    let id = steer(|book, farm| {
        let Job::Suite(mut suite) = scheduler(&farm.watch)?.job;
        narrow(&mut suite, options)?;
        let job = Job::Suite(suite);
        let wanted = Force {
            branch: &options.branch,
            job: &job,
            who: &who,
            reason: &options.reason,
        };
        Ok(watch::force(
            book,
            &farm.watch,
            &farm.watch.places(),
            &wanted,
            now(),
        )?)
    })?;
    say(&format!(
        "request {id}; `djbuild status` shows how it goes\n"
    ))?;
    Ok(Exit::Passed)
}

/// Leaves the chosen cells of a suite.
fn narrow(suite: &mut crate::spec::Suite, options: &ForceOptions) -> Result<(), CliError> {
    if options.cell.is_empty() {
        return Ok(());
    }
    (suite.pythons, suite.databases, suite.variants) = Default::default();
    for name in &options.cell {
        let cell: Cell = name.parse()?;
        if *cell.branch != *options.branch {
            return Err(CliError::Usage(format!(
                "--cell {name}: this is a cell of {}, not of {}",
                cell.branch, options.branch
            )));
        }
        suite.pythons.push(cell.python.to_string());
        suite.databases.push(cell.database.to_string());
        let variant = cell.variant.as_deref().unwrap_or("plain");
        suite.variants.push(variant.to_owned());
    }
    Ok(())
}

/// Begins nothing more of something.
pub fn pause(options: &PauseOptions) -> Outcome {
    let who = user();
    let name = steer(|book, farm| {
        let what = watch::pausable(
            book,
            &farm.watch,
            &farm.watch.places(),
            options.what.as_deref(),
        )?;
        let name = name_of(&what.1);
        watch::pause(book, what, &who, now())?;
        Ok(name)
    })?;
    say(&format!("{name} is paused; what runs goes on\n"))?;
    Ok(Exit::Passed)
}

/// Ends a pause.
pub fn resume(options: &PauseOptions) -> Outcome {
    let (name, was_paused) = steer(|book, farm| {
        let (kind, name) = watch::pausable(
            book,
            &farm.watch,
            &farm.watch.places(),
            options.what.as_deref(),
        )?;
        let was_paused = book.resume(kind, &name)?;
        Ok((name_of(&name), was_paused))
    })?;
    let word = if was_paused {
        "goes on"
    } else {
        "was not paused"
    };
    say(&format!("{name} {word}\n"))?;
    Ok(Exit::Passed)
}

fn name_of(name: &str) -> String {
    match name {
        "" => "everything".to_owned(),
        name => name.to_owned(),
    }
}

/// Ends a request.
pub fn cancel(options: &CancelOptions) -> Outcome {
    let who = user();
    steer(|book, _| {
        watch::cancel(book, options.request, &who, now())?;
        Ok(())
    })?;
    say(&format!("request {} ends\n", options.request))?;
    Ok(Exit::Passed)
}

/// Ends a run, by its id.
pub fn stop(options: &StopOptions) -> Outcome {
    let who = user();
    let run = steer(|book, farm| {
        let status = watch::status(book, None, &farm.watch.places(), now())?;
        let mut running = status.running.into_iter().filter_map(|request| {
            let run = request.run?;
            run.starts_with(&options.run)
                .then_some((request.request, run))
        });
        let (Some((request, run)), None) = (running.next(), running.next()) else {
            return Err(CliError::Usage(format!(
                "no run of the watcher's, or more than one, begins with {}; `djbuild status` \
                 shows them",
                options.run
            )));
        };
        watch::cancel(book, request, &who, now())?;
        Ok(run)
    })?;
    say(&format!("run {run} ends\n"))?;
    Ok(Exit::Passed)
}

/// Sends a notice again.
pub fn resend(options: &ResendOptions) -> Outcome {
    let row = steer(|book, _| Ok(watch::resend(book, &options.notice, now())?))?;
    say(&format!(
        "notice {} goes to {} again\n",
        row.number, row.notice.receiver
    ))?;
    Ok(Exit::Passed)
}

/// Tells the watcher of this folder's file something, all at once.
fn steer<T>(work: impl FnOnce(&Book<'_>, &Farm) -> Result<T, CliError>) -> Result<T, CliError> {
    let farm = Farm::here(None)?.ok_or_else(|| {
        CliError::Usage(
            "no djbuild.toml with a [watch] table here: go where the watcher's is".to_owned(),
        )
    })?;
    let home = Home::find()?;
    home.state.farm()?.within(|book| work(book, &farm))
}

/// Who types this.
fn user() -> String {
    let name = |variable| std::env::var(variable).ok().filter(|name| !name.is_empty());
    name("SUDO_USER")
        .or_else(|| name("USER"))
        .or_else(|| name("LOGNAME"))
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}
