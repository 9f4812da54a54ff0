//! Brings a notice to its receiver: a program or a webhook.
//!
//! **Architecture invariant:** knows neither who decides what is told nor what becomes of
//! what was not taken; it tries once, within half a minute, and says how that went.

mod command;
mod letter;
mod secrets;
mod webhook;

use std::time::Duration;

use crate::spec::Way;

pub use letter::Letter;
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
}

impl From<SecretError> for NotifyError {
    fn from(error: SecretError) -> Self {
        // Whoever reads of it can put the secret where it belongs.
        Self::Later(error.to_string())
    }
}

/// Sends a letter on its way. Blocks this thread.
///
/// # Errors
/// When it was not taken.
pub fn send(way: &Way, letter: &Letter, secrets: &Secrets) -> Result<(), NotifyError> {
    match way {
        Way::Command(words) => command::run(words, letter),
        Way::Webhook { url, shape, key } => {
            let url = secrets.value(url)?;
            let key = key.as_ref().map(|key| secrets.value(key)).transpose()?;
            webhook::post(&url, *shape, key.as_deref(), letter)
        }
    }
}
