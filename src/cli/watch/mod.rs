mod check;
mod farm;
mod lines;
mod postman;
mod status;
mod steer;

use std::sync::Arc;

pub use farm::Farm;
pub use lines::relative;
pub use status::status;
pub use steer::{cancel, force, pause, resend, resume, stop};

use super::args::WatchOptions;
use super::connect;
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::interrupt::Interrupts;
use super::say::warn;
use crate::engine::cancellation;
use crate::run::Home;
use crate::watch::{Ending, Happening, Owner, Station, Until};
use crate::web::{Desk, Server};
use postman::Postman;

/// Watches repositories and runs what moves.
pub async fn watch(options: WatchOptions) -> Outcome {
    let farm = Farm::of(&options)?;
    if options.check {
        return check::check(&farm, options.send_test).await;
    }
    let home = Home::find()?;
    let _owner = match Owner::become_it(&home)? {
        Ok(owner) => owner,
        Err(other) => {
            let watcher = format!("another djbuild watches already: {}", other.0);
            warn(&format!("{watcher}; `djbuild status` shows what it does"));
            return Ok(Exit::Watched);
        }
    };
    let (engine, _) = connect::engine(&home, &options.images.debian_mirror).await?;
    let mut interrupts = Interrupts::listen();
    // Of each other independent: what runs goes on when no more is begun.
    let (stopping, stop) = cancellation();
    let (ending, cancel) = cancellation();
    let until = if options.once {
        Until::Done
    } else {
        Until::Stopped
    };
    let watched = Arc::new(farm.watch.clone());
    let (closing, close) = cancellation();
    let page = match (&farm.watch.page, until) {
        (Some(page), Until::Stopped) => {
            let watched = Arc::clone(&watched);
            let desk = Desk::new(
                home.clone(),
                Arc::new(move || Arc::clone(&watched)),
                page.clone(),
            );
            let server = Server::bind(desk).await?;
            warn(&lines::listens(server.address(), page));
            Some(tokio::spawn(server.serve(close)))
        }
        _ => None,
    };
    let station = Station {
        base: farm.base(&options),
        watch: watched,
        home,
        engine,
        post: Arc::new(Postman::new()),
        on: Arc::new(|happening: Happening| lines::tell(&happening)),
    };
    if until == Until::Stopped {
        warn(&lines::begun(&station.watch));
    }
    let mut working = std::pin::pin!(station.work(until, &stop, &cancel));
    let mut pressed = 0_u32;
    let endings = loop {
        tokio::select! {
            endings = &mut working => break endings?,
            () = interrupts.next() => {
                pressed += 1;
                let word = match pressed {
                    1 => "no more is begun; it ends after the running cells (once more ends them)",
                    2 => "ending what runs; once more ends it at once",
                    _ => "ending at once",
                };
                warn(word);
                if pressed == 1 {
                    stopping.press();
                } else {
                    ending.press();
                }
            }
        }
    };
    closing.press();
    if let Some(page) = page {
        // A page that broke off has said so.
        let _ = page.await;
    }
    let worst = endings
        .iter()
        .map(exit_of)
        .max_by_key(|exit| severity(*exit));
    Ok(match until {
        Until::Done => worst.unwrap_or(Exit::Passed),
        Until::Stopped => Exit::Passed,
    })
}

fn exit_of(ending: &Ending) -> Exit {
    match ending {
        Ending::Run(verdicts) => Exit::of(verdicts.outcome),
        Ending::Without { outcome, .. } if outcome == "errored" => Exit::Failed,
        Ending::Without { outcome, .. } if outcome == "cancelled" => Exit::Passed,
        Ending::Without { .. } => Exit::Infrastructure,
    }
}

/// What is told where several runs ended differently.
const fn severity(exit: Exit) -> u8 {
    match exit {
        Exit::Passed => 0,
        Exit::Empty => 1,
        Exit::Infrastructure => 2,
        Exit::Failed => 3,
        Exit::Interrupted | Exit::Usage | Exit::Watched => 4,
    }
}

impl From<crate::web::WebError> for CliError {
    fn from(error: crate::web::WebError) -> Self {
        use crate::web::WebError;
        match error {
            WebError::Store(error) => error.into(),
            WebError::Watch(error) => error.into(),
            error => Self::Usage(error.to_string()),
        }
    }
}

impl From<crate::watch::WatchError> for CliError {
    fn from(error: crate::watch::WatchError) -> Self {
        use crate::watch::WatchError;
        match error {
            WatchError::Refused(why) => Self::Usage(why),
            WatchError::Store(error) => error.into(),
            WatchError::Source(error) => error.into(),
            WatchError::Run(error) => error.into(),
        }
    }
}
