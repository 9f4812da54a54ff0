use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::line::Line;
use super::{NICKS, NotifyError, Trouble, Visit};

/// So much of an answer goes into one line.
const PART: usize = 400;

impl Visit<'_> {
    /// Says who we are, until the server lets us in.
    pub fn begin(&mut self, password: Option<&str>) -> Result<(), Trouble> {
        let login = self.irc.login.as_ref().zip(password);
        if login.is_some() {
            // Nobody is let in before this has its end.
            self.wire.send("CAP LS 302")?;
        }
        self.wire.send(&format!("NICK {}", self.nick))?;
        self.wire
            .send(&format!("USER {} 0 * :djbuild", user(&self.irc.nick)))?;
        if let Some((login, password)) = login {
            self.authenticate(&login.user, password)?;
        }
        loop {
            let line = self.next()?;
            if line.command == "001" {
                line.word(0).clone_into(&mut self.nick);
                return Ok(());
            }
            self.heed(&line)?;
        }
    }

    /// By SASL, mechanism PLAIN.
    fn authenticate(&mut self, account: &str, password: &str) -> Result<(), Trouble> {
        let mut offers = String::new();
        loop {
            let line = self.next()?;
            match (line.command.as_str(), line.word(1)) {
                ("CAP", "LS") => {
                    offers.push_str(line.said());
                    offers.push(' ');
                    if line.word(2) == "*" {
                        continue;
                    }
                    if !offers_plain(&offers) {
                        return Err(self.refused("it offers no SASL PLAIN"));
                    }
                    self.wire.send("CAP REQ :sasl")?;
                }
                ("CAP", "ACK") => self.wire.send("AUTHENTICATE PLAIN")?,
                ("CAP", "NAK") => return Err(self.refused("it offers no SASL")),
                // A server that knows no capabilities.
                ("421", "CAP") | ("001", _) => {
                    return Err(self.refused("it offers no SASL"));
                }
                ("AUTHENTICATE", _) => {
                    let answer = STANDARD.encode(format!("\0{account}\0{password}"));
                    for part in parts(&answer) {
                        self.wire.send(&format!("AUTHENTICATE {part}"))?;
                    }
                }
                ("903", _) => {
                    self.wire.send("CAP END")?;
                    return Ok(());
                }
                ("902" | "904" | "905" | "906" | "908", _) => {
                    let said = line.said().to_owned();
                    return Err(self.refused(&said));
                }
                _ => self.heed(&line)?,
            }
        }
    }

    /// What may come while we are not in: a nick that is another's is tried with more to it.
    fn heed(&mut self, line: &Line) -> Result<(), Trouble> {
        match line.command.as_str() {
            "433" | "436" | "437" => {
                let tried = self.nick.len() - self.irc.nick.len();
                if tried + 1 >= NICKS {
                    return Err(self.later(line));
                }
                self.nick.push('_');
                self.wire.send(&format!("NICK {}", self.nick))?;
            }
            "464" => return Err(self.unwelcome(line)),
            "431" | "432" => return Err(self.never(line)),
            _ => {}
        }
        Ok(())
    }

    fn refused(&self, said: &str) -> Trouble {
        let said: String = said.chars().take(200).collect();
        let said = crate::model::printable(&said).into_owned();
        let host = &self.irc.server.host;
        Trouble::Refused(NotifyError::Unwelcome(format!("{host}: SASL: {said}")))
    }
}

/// Whether a list of capabilities has SASL, and with it PLAIN where it lists mechanisms.
fn offers_plain(offers: &str) -> bool {
    let mut offers = offers.split_whitespace();
    offers.any(|offer| match offer.split_once('=') {
        Some((name, known)) => name == "sasl" && known.split(',').any(|known| known == "PLAIN"),
        None => offer == "sasl",
    })
}

/// An answer as it is sent: a part that is not full says that it was the last.
fn parts(answer: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = answer;
    while rest.len() >= PART {
        let (part, after) = rest.split_at(PART);
        parts.push(part);
        rest = after;
    }
    parts.push(if rest.is_empty() { "+" } else { rest });
    parts
}

/// A name as servers take them for users.
fn user(nick: &str) -> String {
    let known = nick.chars().filter(char::is_ascii_alphanumeric);
    let user: String = known.take(9).collect();
    if user.is_empty() {
        "djbuild".to_owned()
    } else {
        user
    }
}
