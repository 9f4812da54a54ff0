//! Brings a notice to its receiver: a program, a webhook, a mail, a channel, the status of
//! a commit, a desktop.
//!
//! **Architecture invariant:** knows neither who decides what is told nor what becomes of
//! what was not taken; it tries once, within half a minute, and says how that went.

mod breaker;
mod command;
mod desktop;
mod github;
mod hush;
mod irc;
mod letter;
mod mail;
mod secrets;
#[cfg(test)]
mod served;
mod web;
mod webhook;

use std::time::Duration;

use crate::spec::{Account, Secret, Way};

pub use breaker::Breaker;
pub use letter::{Commit, Letter};
pub use secrets::{SecretError, Secrets};

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a notice was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// It may be taken later.
    #[error("{0}")]
    Later(String),
    /// It never will be.
    #[error("{0}")]
    Never(String),
    /// Nothing of ours is: a ban, a login that is refused.
    #[error("{0}")]
    Unwelcome(String),
}

impl From<SecretError> for NotifyError {
    fn from(error: SecretError) -> Self {
        // Whoever reads of it can put the secret where it belongs.
        Self::Later(error.to_string())
    }
}

impl NotifyError {
    /// The same, of which no word is a secret.
    fn hushed(self, secrets: &[String]) -> Self {
        match self {
            Self::Later(why) => Self::Later(hush::hushed(&why, secrets)),
            Self::Never(why) => Self::Never(hush::hushed(&why, secrets)),
            Self::Unwelcome(why) => Self::Unwelcome(hush::hushed(&why, secrets)),
        }
    }
}

/// Sends a letter on its way. Blocks this thread.
///
/// # Errors
/// When it was not taken.
pub fn send(way: &Way, letter: &Letter, secrets: &Secrets) -> Result<(), NotifyError> {
    let value = |secret: &Secret| secrets.value(secret);
    let password = |login: Option<&Account>| login.map(|login| value(&login.password)).transpose();
    let (sent, used) = match way {
        Way::Command(words) => (command::run(words, letter), Vec::new()),
        Way::Desktop => (desktop::show(letter), Vec::new()),
        Way::Webhook { url, shape, key } => {
            let (url, key) = (value(url)?, key.as_ref().map(value).transpose()?);
            let sent = webhook::post(&url, *shape, key.as_deref(), letter);
            (sent, [Some(url), key].into_iter().flatten().collect())
        }
        Way::Mail(mail) => {
            let password = password(mail.login.as_ref())?;
            let sent = mail::post(mail, password.as_deref(), letter);
            (sent, password.into_iter().collect())
        }
        Way::Irc(irc) => {
            let password = password(irc.login.as_ref())?;
            let sent = irc::post(irc, password.as_deref(), letter);
            (sent, password.into_iter().collect())
        }
        Way::Github(github) => {
            let token = value(&github.token)?;
            (github::post(github, &token, letter), vec![token])
        }
    };
    sent.map_err(|error| error.hushed(&used))
}
