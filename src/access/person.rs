use std::time::Duration;

use crate::model::Moment;
use crate::store::StoreError;

/// Somebody who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What they are called, for whoever reads who wanted something.
    pub name: String,
    /// Whether they may force, stop, pause, cancel, try and resend.
    pub may_steer: bool,
}

/// Somebody who has just logged in.
#[derive(Debug, Clone)]
pub struct Session {
    /// What their browser shows from now on: a secret.
    pub cookie: String,
    /// Who they are.
    pub person: Person,
    /// When it ends at the latest, however often it is shown.
    pub ends: Moment,
}

/// Why somebody is not let in, in words for them.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No such user, or another password; which of these is nobody's business.
    #[error("wrong name or password")]
    Wrong,
    /// Too many wrong ones, by this name or from this address.
    #[error(
        "too many wrong passwords; the next is heard in {}",
        humantime::format_duration(*pause)
    )]
    Throttled {
        /// When.
        until: Moment,
        /// How long that is, in whole seconds.
        pause: Duration,
    },
    /// The password is right, but they lack something.
    #[error("{name} may not steer: {lacks}")]
    NotAllowed {
        /// Who.
        name: String,
        /// What they lack.
        lacks: String,
    },
    /// Where people are known, nobody answers. Sessions go on.
    #[error("nobody can log in now: {0}")]
    Down(String),
    /// More passwords are being checked than can be.
    #[error("too many are logging in at once; try again in a moment")]
    Busy,
    /// There is no login.
    #[error("nobody can log in here: the matrix file has no [watch.login]")]
    Closed,
    /// The session cannot be kept.
    #[error("nobody can log in now: {0}")]
    Store(#[from] StoreError),
}
