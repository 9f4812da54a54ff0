//! From what the user asked for and what a branch supports to cells.
//!
//! **Architecture invariant:** a cell is in or out for a stated reason, and the
//! reason cites the matrix file or the checkout; nothing here guesses.

mod expand;
mod releases;
mod select;
mod support;

pub use expand::{Excluded, Matrix, expand};
pub use releases::Releases;
pub use select::{SelectError, Selection};
pub use support::{Citation, Support, SupportError};
