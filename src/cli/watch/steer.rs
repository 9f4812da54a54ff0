//! What people tell a watcher: it is done at once where one goes on, by the file that it
//! goes by; else it is kept, and the next one sees it.

use super::Farm;
use crate::cli::args::{CancelOptions, ForceOptions, PauseOptions, ResendOptions, StopOptions};
use crate::cli::error::{CliError, Outcome};
use crate::cli::exit::Exit;
use crate::cli::say::say;
use crate::control::{Ask, Client, ControlError};
use crate::model::{Cell, printable};
use crate::run::Home;
use crate::watch::{Order, now, obey};

/// Has the tip of a branch run now.
pub fn force(options: &ForceOptions) -> Outcome {
    tell(Order::Force {
        branch: options.branch.clone(),
        cells: options.cell.clone(),
        scheduler: options.scheduler.clone(),
        reason: options.reason.clone(),
    })
}

/// Begins nothing more of something.
pub fn pause(options: &PauseOptions) -> Outcome {
    tell(Order::Pause {
        what: options.what.clone(),
    })
}

/// Ends a pause.
pub fn resume(options: &PauseOptions) -> Outcome {
    tell(Order::Resume {
        what: options.what.clone(),
    })
}

/// Ends a request.
pub fn cancel(options: &CancelOptions) -> Outcome {
    tell(Order::Cancel {
        request: options.request,
    })
}

/// Ends a run by its id, or a cell of what runs by its name.
pub fn stop(options: &StopOptions) -> Outcome {
    if options.run.parse::<Cell>().is_ok() {
        return ask(&Ask::StopCell {
            cell: options.run.clone(),
        });
    }
    tell(Order::Stop {
        run: options.run.clone(),
    })
}

/// Sends a notice again.
pub fn resend(options: &ResendOptions) -> Outcome {
    tell(Order::Resend {
        notice: options.notice.clone(),
    })
}

/// Has a watcher that goes on read its file again.
pub fn reload() -> Outcome {
    ask(&Ask::Reload)
}

/// Asks a watcher that goes on for something only such a one can do.
pub fn ask(ask: &Ask) -> Outcome {
    let mut client = Client::find(&Home::find()?)?.ok_or_else(|| {
        CliError::Usage("nobody watches; `djbuild watch` does, and reads its file first".to_owned())
    })?;
    told(&client.say(ask)?)
}

/// Tells the watcher that goes on, or the next one.
pub fn tell(order: Order) -> Outcome {
    let home = Home::find()?;
    if let Some(mut client) = Client::find(&home)? {
        return told(&client.order(order, &user())?);
    }
    let farm = Farm::here(None)?.ok_or_else(|| {
        CliError::Usage(
            "no djbuild.toml with a [watch] table here: go where the watcher's is".to_owned(),
        )
    })?;
    let mut kept = home.state.farm()?;
    told(&kept.within(|book| obey(book, &farm.watch, &order, &user(), now()))?)
}

fn told(words: &str) -> Outcome {
    say(&format!("{}\n", printable(words)))?;
    Ok(Exit::Passed)
}

/// Who types this.
pub fn user() -> String {
    let name = |variable| std::env::var(variable).ok().filter(|name| !name.is_empty());
    name("SUDO_USER")
        .or_else(|| name("USER"))
        .or_else(|| name("LOGNAME"))
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

impl From<ControlError> for CliError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Io { path, error } => Self::Read { path, error },
            other => Self::Usage(other.to_string()),
        }
    }
}
