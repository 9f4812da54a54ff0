//! A prompt at which a watcher is spoken to.

mod events;
mod prompt;
mod show;
mod words;

use std::io::{BufRead, IsTerminal};

use clap::Parser;

use super::args::{ConsoleCommand, ConsoleLine};
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::say::{say, warn};
use super::watch;
use crate::control::Ask;
use prompt::{Prompt, Typed};
use words::words;

/// Whether another line is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Goes,
    Quits,
}

/// Does what is typed, line by line, on a thread that may wait for it.
pub async fn console() -> Outcome {
    let talk = tokio::task::spawn_blocking(|| {
        if std::io::stdin().is_terminal() {
            at_a_prompt()
        } else {
            from_a_pipe()
        }
    });
    talk.await
        .unwrap_or_else(|_| Err(CliError::Usage("the console ended".to_owned())))
}

fn at_a_prompt() -> Outcome {
    let mut prompt = Prompt::begin()?;
    say("help says what there is; quit or Ctrl-D leaves, and the watcher goes on\n")?;
    loop {
        match prompt.read() {
            Typed::Line(line) => match one(&line) {
                Ok(Then::Goes) => {}
                Ok(Then::Quits) => return Ok(Exit::Passed),
                Err(error) => warn(&error.to_string()),
            },
            Typed::Nothing => {}
            Typed::End => return Ok(Exit::Passed),
        }
    }
}

/// Does all of it, and says at the end whether any of it failed.
fn from_a_pipe() -> Outcome {
    let mut exit = Exit::Passed;
    loop {
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) => return Ok(exit),
            Ok(_) => {}
            Err(error) => return Err(CliError::read("standard input")(error)),
        }
        match one(&line) {
            Ok(Then::Goes) => {}
            Ok(Then::Quits) => return Ok(exit),
            Err(error) => {
                warn(&format!("{}: {error}", line.trim()));
                exit = Exit::Failed;
            }
        }
    }
}

/// Does what a line says.
fn one(line: &str) -> Result<Then, CliError> {
    let typed = words(line).map_err(CliError::Usage)?;
    if typed.is_empty() || typed[0].starts_with('#') {
        return Ok(Then::Goes);
    }
    let parsed = match ConsoleLine::try_parse_from(&typed) {
        Ok(parsed) => parsed,
        // clap tells help and mistakes apart.
        Err(error) if !error.use_stderr() => {
            say(&error.render().to_string())?;
            return Ok(Then::Goes);
        }
        Err(error) => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            let words = first.trim_start_matches("error: ");
            return Err(CliError::Usage(format!("{words}; help says what there is")));
        }
    };
    match parsed.command {
        ConsoleCommand::Quit => return Ok(Then::Quits),
        ConsoleCommand::Status => show::status()?,
        ConsoleCommand::Queue => show::queue()?,
        ConsoleCommand::Running => show::running()?,
        ConsoleCommand::Cells { run } => show::cells(&run)?,
        ConsoleCommand::Schedulers => show::schedulers()?,
        ConsoleCommand::Events => events::follow()?,
        ConsoleCommand::Log { level } => {
            watch::ask(&Ask::Log { level })?;
        }
        ConsoleCommand::Reload => {
            watch::reload()?;
        }
        ConsoleCommand::Force(options) => {
            watch::force(&options)?;
        }
        ConsoleCommand::Pause(options) => {
            watch::pause(&options)?;
        }
        ConsoleCommand::Resume(options) => {
            watch::resume(&options)?;
        }
        ConsoleCommand::Cancel(options) => {
            watch::cancel(&options)?;
        }
        ConsoleCommand::Stop(options) => {
            watch::stop(&options)?;
        }
        ConsoleCommand::Resend(options) => {
            watch::resend(&options)?;
        }
    }
    Ok(Then::Goes)
}
