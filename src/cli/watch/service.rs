//! What systemd is told of a watcher, where it is the one who started it:
//! <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

use crate::watch::Happening;

/// A watcher as a service.
pub struct Service {
    /// How often a sign of life is given, where one is wanted.
    every: Option<Duration>,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    is_ready: bool,
    alive: Option<Instant>,
    running: usize,
}

impl Service {
    pub fn new() -> Self {
        Self {
            // Half the time, as systemd recommends.
            every: sd_notify::watchdog_enabled().map(|limit| limit / 2),
            said: Mutex::default(),
        }
    }

    /// Passes on what happens. Signs of life come with the steps of the loop that is to
    /// be guarded, and from nowhere else.
    pub fn hear(&self, happening: &Happening) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match happening {
            Happening::Stepped => {
                if !said.is_ready {
                    said.is_ready = true;
                    tell(&[NotifyState::Ready, NotifyState::Status("nothing runs")]);
                }
                let is_time = |alive: Option<Instant>, every| {
                    alive.is_none_or(|alive: Instant| alive.elapsed() >= every)
                };
                if self.every.is_some_and(|every| is_time(said.alive, every)) {
                    said.alive = Some(Instant::now());
                    tell(&[NotifyState::Watchdog]);
                }
            }
            Happening::Rereads => {
                let now = NotifyState::monotonic_usec_now();
                tell(
                    &[NotifyState::Reloading]
                        .into_iter()
                        .chain(now)
                        .collect::<Vec<_>>(),
                );
            }
            Happening::Reread(reread) => {
                let words = match reread {
                    Ok(words) => words.clone(),
                    Err(why) => format!("the file is wrong: {why}"),
                };
                tell(&[NotifyState::Ready, NotifyState::Status(first_line(&words))]);
            }
            Happening::Begun(_) => {
                said.running += 1;
                tell_running(said.running);
            }
            Happening::Ended { .. } => {
                said.running = said.running.saturating_sub(1);
                tell_running(said.running);
            }
            Happening::Polled { .. } | Happening::Trouble(_) => {}
        }
    }

    /// Says that no more is begun.
    pub fn stops() {
        tell(&[
            NotifyState::Stopping,
            NotifyState::Status("ends after what runs"),
        ]);
    }
}

fn tell_running(running: usize) {
    let words = match running {
        0 => "nothing runs".to_owned(),
        count => format!("running: {}", crate::model::plural(count as u64, "request")),
    };
    tell(&[NotifyState::Status(&words)]);
}

/// A status is one line: another would be another message.
fn first_line(words: &str) -> &str {
    words.lines().next().unwrap_or_default()
}

/// A systemd that does not listen is no reason not to watch.
fn tell(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}
