//! The matrix file: as typed, then validated.
//!
//! Nothing here knows which branches exist or what they support; a [`Spec`] is
//! what the user asked for, and `matrix` turns it into cells.

mod builtin;
mod choice;
mod file;

pub use builtin::{BUILTIN, Builtin, builtin};
pub use choice::{DatabaseChoice, PythonChoice};
pub use file::{Exclude, Isolation, Spec, SpecError, parse};
