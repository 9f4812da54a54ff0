//! From what the user asked for and what a branch supports to cells.
//!
//! **Architecture invariant:** a cell is in or out for a stated reason, and the
//! reason cites the matrix file or the checkout; nothing here guesses.

mod axes;
mod check;
mod cover;
mod evidence;
mod expand;
mod explain;
mod select;
mod support;
mod unsupported;
mod usage;

#[cfg(test)]
mod tests;

pub use check::{Check, CheckVerdict, check};
pub use cover::{Budget, Cover, choose};
pub use evidence::Evidence;
pub use expand::{Excluded, IdleRule, Matrix, expand};
pub use explain::{Explanation, Verdict, explain};
pub use select::{Filters, SelectError, Selection, wants_branch};
pub use support::{Citation, Support, SupportError};
pub use usage::{Filter, Unmatched};
