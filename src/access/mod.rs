//! Who somebody is, and what they may do: users and their passwords, sessions of
//! browsers, tokens of scripts.
//!
//! Whoever has this machine's account needs none of it: the command line asks nobody.
//!
//! **Architecture invariant:** knows no HTTP. What is kept cannot be shown in place of
//! what was given out: of passwords, sessions and tokens there are only hashes.

mod cookie;
mod django;
mod gate;
mod hash;
mod known;
mod legacy;
mod password_file;
mod people;
mod person;
mod phc;
#[cfg(test)]
mod tests;
mod throttle;
mod token;

pub use gate::{Access, Clock};
pub use hash::Hash;
pub use known::{Away, Looked};
pub use password_file::{FileError, PasswordFile};
pub use people::People;
pub use person::{Person, Refused, Session};
pub use phc::encode;
pub use token::{TokenError, Tokens};
