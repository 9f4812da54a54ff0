//! The user's own git, as a program.

mod command;
mod fault;
mod network;
mod progress;

pub use command::Git;
pub use fault::{Fault, words};
pub use network::{Failed, Network};
pub use progress::received;
