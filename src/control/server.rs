use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast};
use tokio::task::JoinSet;

use super::protocol::{Answered, Greeting, LONGEST};
use super::{Address, Answer, Ask, ControlError, PROTOCOL};
use crate::run::Home;
use crate::watch::{Helm, WatchError, attempt, base_of, look, now, obey};

/// So many are spoken to at once; who comes then is sent away.
const GUESTS: usize = 256;
/// Who takes nothing for so long is left.
const PATIENCE: Duration = Duration::from_secs(10);

/// Has less or more written to a log from now on, or says why not.
pub type SetLevel = dyn Fn(&str) -> Result<(), String> + Send + Sync;

/// What a watcher has for those who speak to it.
pub struct Desk {
    /// Where things are kept.
    pub home: Home,
    /// The station.
    pub helm: Arc<Helm>,
    /// What happens, a JSON object each.
    pub events: broadcast::Sender<Arc<str>>,
    /// Has less or more written to the log; says why not.
    pub set_level: Box<SetLevel>,
}

/// Listens, in place of any watcher that was killed, and answers for as long as this goes
/// on. Whoever calls this is the only watcher.
///
/// # Errors
/// When nobody can listen there.
pub fn serve(desk: Desk) -> Result<impl Future<Output = ()>, ControlError> {
    let address = Address::of(&desk.home);
    address.make_folder()?;
    let listener = address.with(|path| {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
        Ok(listener)
    })?;
    Ok(listen(listener, Arc::new(desk)))
}

async fn listen(listener: UnixListener, desk: Arc<Desk>) {
    let guests = Arc::new(Semaphore::new(GUESTS));
    // They leave with whoever listens.
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            guest = listener.accept() => {
                let Ok((stream, _)) = guest else {
                    // Too many open files, as a rule: that passes.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let room = Arc::clone(&guests).try_acquire_owned();
                let desk = Arc::clone(&desk);
                tasks.spawn(async move {
                    let (reading, writing) = stream.into_split();
                    let mut guest = Guest {
                        reading: BufReader::new(reading),
                        writing,
                        desk,
                    };
                    // One that goes in the middle of something is no trouble.
                    let _ = match room {
                        Ok(_room) => guest.attend().await,
                        Err(_) => guest.refuse("too many speak to the watcher").await,
                    };
                });
            }
            Some(_) = tasks.join_next() => {}
        }
    }
}

/// Somebody who speaks to the watcher.
struct Guest {
    reading: BufReader<OwnedReadHalf>,
    writing: OwnedWriteHalf,
    desk: Arc<Desk>,
}

/// It has gone, or is left.
struct Left;

impl Guest {
    async fn attend(&mut self) -> Result<(), Left> {
        if !is_ours(self.reading.get_ref().as_ref()) {
            return self.refuse("this is somebody else's watcher").await;
        }
        self.write(&Greeting {
            djbuild: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
        })
        .await?;
        loop {
            let line = self.line().await?;
            let answer = match serde_json::from_slice(&line) {
                Ok(Ask::Events) => {
                    self.tell_events().await?;
                    continue;
                }
                Ok(ask) => self.answer(ask).await,
                Err(error) => Answer::Refused(format!("this is not understood: {error}")),
            };
            self.write(&Answered { answer }).await?;
        }
    }

    /// A whole line. One that is too long ends the conversation, for nobody knows where
    /// the next begins.
    async fn line(&mut self) -> Result<Vec<u8>, Left> {
        let mut line = Vec::new();
        let mut limited = (&mut self.reading).take(LONGEST as u64);
        match limited.read_until(b'\n', &mut line).await {
            Ok(_) if line.ends_with(b"\n") => Ok(line),
            Ok(LONGEST) => {
                self.refuse("a line has 64 KiB at most").await?;
                Err(Left)
            }
            _ => Err(Left),
        }
    }

    async fn answer(&self, ask: Ask) -> Answer {
        let desk = Arc::clone(&self.desk);
        let told = match ask {
            Ask::Reload => {
                let told = desk.helm.reload().await;
                return match told {
                    Ok(Ok(words)) => Answer::Said(words),
                    Ok(Err(why)) => Answer::Refused(why),
                    Err(_) => Answer::Refused("the watcher ends".to_owned()),
                };
            }
            Ask::Log { level } => {
                let set = (desk.set_level)(&level);
                return set.map_or_else(Answer::Refused, |()| {
                    Answer::Said(format!("{level} and what matters more is written"))
                });
            }
            Ask::StopCell { cell } => {
                return match desk.helm.stop_cell(&cell).await {
                    Ok(true) => Answer::Said(format!("cell {cell} ends")),
                    _ => Answer::Refused(format!("no cell {cell} goes on")),
                };
            }
            Ask::Events => return Answer::Said(String::new()),
            ask => tokio::task::spawn_blocking(move || of_the_book(&desk, &ask)).await,
        };
        match told {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Answer::Refused(error.to_string()),
            Err(_) => Answer::Refused("this should not have happened, and was told".to_owned()),
        }
    }

    /// Tells what happens until the guest says something or goes.
    async fn tell_events(&mut self) -> Result<(), Left> {
        let mut events = self.desk.events.subscribe();
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                more = self.reading.fill_buf() => {
                    return match more {
                        Ok([]) | Err(_) => Err(Left),
                        Ok(_) => Ok(()),
                    };
                }
            };
            match event {
                Ok(event) => self.write_text(&event).await?,
                Err(RecvError::Lagged(count)) => {
                    self.write(&serde_json::json!({"missed": count})).await?;
                }
                Err(RecvError::Closed) => return Err(Left),
            }
        }
    }

    async fn refuse(&mut self, why: &str) -> Result<(), Left> {
        let answer = Answer::Refused(why.to_owned());
        self.write(&Answered { answer }).await
    }

    async fn write(&mut self, value: &impl serde::Serialize) -> Result<(), Left> {
        // Plain data with string keys: nothing in it can fail.
        let text = serde_json::to_string(value).unwrap_or_default();
        self.write_text(&text).await
    }

    async fn write_text(&mut self, text: &str) -> Result<(), Left> {
        let line = format!("{text}\n");
        let written = tokio::time::timeout(PATIENCE, self.writing.write_all(line.as_bytes()));
        match written.await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Left),
        }
    }
}

/// Whether the other end is this user's, or root's.
fn is_ours(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

/// Answers what takes a look at what is kept, or changes it.
fn of_the_book(desk: &Desk, ask: &Ask) -> Result<Answer, WatchError> {
    let orders = desk.helm.orders();
    match ask {
        Ask::Order { who, order } => {
            let mut farm = desk.home.state.farm()?;
            let said = farm.within(|book| obey(book, &orders.watch, order, who, now()))?;
            desk.helm.wake();
            Ok(Answer::Said(said))
        }
        Ask::Base { branch, commits } => {
            let base = base_of(&desk.home, &orders.watch, branch, commits)?;
            Ok(Answer::Said(base.unwrap_or_default()))
        }
        Ask::Try { who, wish } => {
            let request = attempt(&desk.home, &orders, wish, who, now())?;
            desk.helm.wake();
            Ok(Answer::Said(request.to_string()))
        }
        _ => Ok(Answer::Status(Box::new(look(
            &desk.home,
            Some(&orders.watch),
            now(),
        )?))),
    }
}
