mod check;
mod farm;
mod follow;
mod lines;
mod log;
mod page;
mod postman;
mod service;
mod status;
mod steer;
mod trying;

use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

pub use farm::Farm;
pub use lines::relative;
pub use log::Level;
pub use status::{next, running, seen, status, text, waiting};
pub use steer::{ask, cancel, force, pause, reload, resend, resume, stop};
pub use trying::try_out;

use super::args::WatchOptions;
use super::connect;
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::interrupt::Interrupts;
use super::say::warn;
use crate::control::{Desk, serve};
use crate::engine::cancellation;
use crate::run::Home;
use crate::watch::{Ending, Happening, Helm, Owner, Station, Until};
use lines::Teller;
use log::Log;
use page::Page;
use postman::Postman;
use service::Service;

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
    // Who looks once is as any other command, and ends with its terminal.
    let (mut interrupts, hangups) = if options.once {
        (Interrupts::listen(), None)
    } else {
        (Interrupts::of_service(), Some(Interrupts::hangups()))
    };
    // Of each other independent: what runs goes on when no more is begun.
    let (stopping, stop) = cancellation();
    let (ending, cancel) = cancellation();
    let until = if options.once {
        Until::Done
    } else {
        Until::Stopped
    };
    let (log, service) = (Arc::new(Log::new(options.log)), Service::new());
    let is_typed = farm.spec.is_none();
    let folder = farm.beside("");
    let helm = Helm::new(farm.orders(&options));
    if until == Until::Stopped {
        let begun = lines::begun(&helm.orders().watch);
        log.say(Level::Info, &begun, serde_json::Value::Null);
    }
    let page = match until {
        Until::Stopped => Page::open(&folder, &home, &helm).await?,
        Until::Done => None,
    };
    if let Some(page) = &page {
        log.say(Level::Info, &page.said, serde_json::Value::Null);
    }
    let read_again = move || Farm::again(is_typed, &options).map_err(|error| error.to_string());
    let teller = Teller::new(Arc::clone(&log));
    let station = Station {
        home: home.clone(),
        helm: Arc::clone(&helm),
        read_again: Box::new(read_again),
        engine,
        post: Arc::new(Postman::new()),
        on: Arc::new(move |happening: Happening| {
            service.hear(&happening);
            teller.tell(&happening);
        }),
    };
    let _listening = (until == Until::Stopped).then(|| listen(&home, &helm, &log));
    let _reloading = hangups.map(|hangups| reload_at_hangups(hangups, helm));
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
                log.say(Level::Warn, word, serde_json::Value::Null);
                Service::stops();
                if pressed == 1 {
                    stopping.press();
                } else {
                    ending.press();
                }
            }
        }
    };
    if let Some(page) = page {
        page.end().await;
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

/// Lets people speak to the watcher, as long as this is held.
fn listen(home: &Home, helm: &Arc<Helm>, log: &Arc<Log>) -> Option<AbortOnDropHandle<()>> {
    let setting = Arc::clone(log);
    let serving = serve(Desk {
        home: home.clone(),
        helm: Arc::clone(helm),
        events: log.events(),
        set_level: Box::new(move |word| setting.set_level(word)),
    });
    match serving {
        Ok(serving) => Some(AbortOnDropHandle::new(tokio::spawn(serving))),
        Err(error) => {
            let text = format!("nobody can speak to this watcher: {error}");
            log.say(Level::Warn, &text, serde_json::Value::Null);
            None
        }
    }
}

/// Has the file read again with each hangup, as long as this is held.
fn reload_at_hangups(mut hangups: Interrupts, helm: Arc<Helm>) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            hangups.next().await;
            drop(helm.reload());
        }
    }))
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
