//! What a person sees while a run goes on, on standard error.
//!
//! **Architecture invariant:** a view is made from events and the summary so
//! far; the engine knows nothing of it.

mod fetching;
mod line;
mod plain;
mod taskbar;
mod tty;

use crate::event::{Envelope, Summary};

pub use fetching::Fetching;
pub use plain::Plain;
pub use taskbar::Taskbar;
pub use tty::Terminal;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Nothing but what went wrong.
    Quiet,
    /// Every change of state.
    Normal,
    /// Every line of builds and cells too.
    Verbose,
}

/// Shows a run.
pub trait Progress: Send {
    /// Shows one more event; `summary` has taken it into account.
    ///
    /// # Errors
    /// When it cannot be written.
    fn show(&mut self, envelope: &Envelope, summary: &Summary) -> std::io::Result<()>;

    /// Shows that time passes. `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// When it cannot be written.
    fn tick(&mut self, now: u64, summary: &Summary) -> std::io::Result<()>;

    /// Clears what does not stay.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(&mut self) -> std::io::Result<()>;
}
