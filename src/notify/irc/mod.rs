//! A line in a channel, by IRC.
//!
//! Each notice is a visit: a farm says a few things a day, and who stays connected has to
//! answer the server's pings, come back after splits and be reloaded with the file. Names
//! and joins cost a second.

mod line;
mod login;
#[cfg(test)]
mod tests;
mod wire;

use std::io;
use std::time::{Duration, Instant};

use super::{Letter, NotifyError, PATIENCE};
use crate::model::printable;
use crate::spec::Irc;
use line::{Line, split};
use wire::Wire;

/// So many lines are said at once, and then one each [`PAUSE`].
const BURST: usize = 4;
const PAUSE: Duration = Duration::from_secs(1);
/// More lines than these are not said.
const LINES: usize = 10;
/// So many nicks are tried.
const NICKS: usize = 5;
/// A line has 512 bytes with its end, also when the server has put our name before it.
const LONGEST: usize = 510;
/// So long may that name be where the server does not show it: nick, user and host.
const NAME: usize = 30 + 12 + 64;
const FAREWELL: &str = "QUIT :djbuild";
/// What is asked after the last line; the answer says that lines were taken.
const TAKEN: &str = "djbuild-taken";

/// Says it in the channel.
pub fn post(irc: &Irc, password: Option<&str>, letter: &Letter) -> Result<(), NotifyError> {
    post_within(PATIENCE, irc, password, letter)
}

fn post_within(
    patience: Duration,
    irc: &Irc,
    password: Option<&str>,
    letter: &Letter,
) -> Result<(), NotifyError> {
    let host = &irc.server.host;
    let late = |error: io::Error| match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            let seconds = patience.as_secs();
            NotifyError::Later(format!("{host}: no end within {seconds} s"))
        }
        _ => NotifyError::Later(format!("{host}: {error}")),
    };
    let until = Instant::now() + patience;
    let wire = Wire::connect(irc, until).map_err(late)?;
    let mut visit = Visit {
        irc,
        wire,
        nick: irc.nick.clone(),
    };
    let said = visit.make(password, letter);
    if said.is_err() {
        let _ = visit.wire.send(FAREWELL);
    }
    said.map_err(|error| match error {
        Trouble::Io(error) => late(error),
        Trouble::Refused(error) => error,
    })
}

/// Why a visit ends early.
enum Trouble {
    Io(io::Error),
    Refused(NotifyError),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

struct Visit<'a> {
    irc: &'a Irc,
    wire: Wire,
    nick: String,
}

impl Visit<'_> {
    fn make(&mut self, password: Option<&str>, letter: &Letter) -> Result<(), Trouble> {
        self.begin(password)?;
        let name = self.join()?;
        let channel = &self.irc.channel;
        let around = format!(":{name} PRIVMSG {channel} :").len();
        let mut lines = split(&letter.short(), LONGEST.saturating_sub(around));
        if lines.len() > LINES {
            let more = lines.len() - LINES + 1;
            lines.truncate(LINES - 1);
            lines.push(format!("… and {more} lines more"));
        }
        for (index, line) in lines.iter().enumerate() {
            if index >= BURST {
                std::thread::sleep(PAUSE);
            }
            let line = format!("PRIVMSG {channel} :{}", printable(line));
            self.wire.send(&line)?;
        }
        self.wire.send(&format!("PING :{TAKEN}"))?;
        loop {
            let line = self.next()?;
            match line.command.as_str() {
                "PONG" if line.said() == TAKEN => break,
                // The one is a channel that lets nobody speak, the other is not there.
                "404" | "401" | "403" => return Err(self.never(&line)),
                _ => {}
            }
        }
        // It was taken, whatever comes now.
        let _ = self.wire.send(FAREWELL);
        Ok(())
    }

    /// Goes into the channel, and says what the server calls us there.
    fn join(&mut self) -> Result<String, Trouble> {
        let channel = self.irc.channel.clone();
        self.wire.send(&format!("JOIN {channel}"))?;
        loop {
            let line = self.next()?;
            match line.command.as_str() {
                "JOIN" if self.is_ours(&line) => {
                    let name = line.from.contains('!').then_some(line.from);
                    return Ok(name.unwrap_or_else(|| "x".repeat(NAME)));
                }
                // Full, or the server is busy with it.
                "471" | "437" | "407" => return Err(self.later(&line)),
                "403" | "405" | "473" | "475" | "476" | "477" | "489" | "520" => {
                    return Err(self.never(&line));
                }
                _ => {}
            }
        }
    }

    /// The next line that is no housekeeping.
    fn next(&mut self) -> Result<Line, Trouble> {
        loop {
            let Some(line) = self.wire.next()? else {
                let why = format!("{}: hung up", self.irc.server.host);
                return Err(Trouble::Refused(NotifyError::Later(why)));
            };
            match line.command.as_str() {
                "PING" => self.wire.send(&format!("PONG :{}", line.said()))?,
                // A server may call us otherwise.
                "NICK" if self.is_ours(&line) => line.said().clone_into(&mut self.nick),
                "ERROR" if is_ban(line.said()) => return Err(self.unwelcome(&line)),
                "ERROR" => return Err(self.later(&line)),
                // Banned from the server, or from the channel.
                "465" | "474" => return Err(self.unwelcome(&line)),
                _ => return Ok(line),
            }
        }
    }

    fn is_ours(&self, line: &Line) -> bool {
        line.from.split('!').next() == Some(self.nick.as_str())
    }

    fn never(&self, line: &Line) -> Trouble {
        Trouble::Refused(NotifyError::Never(self.says(line)))
    }

    fn unwelcome(&self, line: &Line) -> Trouble {
        Trouble::Refused(NotifyError::Unwelcome(self.says(line)))
    }

    fn later(&self, line: &Line) -> Trouble {
        Trouble::Refused(NotifyError::Later(self.says(line)))
    }

    fn says(&self, line: &Line) -> String {
        let said: String = line.said().chars().take(200).collect();
        let (host, channel) = (&self.irc.server.host, &self.irc.channel);
        let said = printable(&said).into_owned();
        format!("{host}, {channel}: {} {said}", line.command)
    }
}

/// Whether a server that hangs up means never to see us again. They all word it in a way
/// of their own.
fn is_ban(said: &str) -> bool {
    let said = said.to_lowercase();
    let words = [
        "k-line", "g-line", "z-line", "d-line", "kline", "gline", "banned",
    ];
    words.iter().any(|word| said.contains(word))
}
