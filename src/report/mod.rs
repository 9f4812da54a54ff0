//! From a summary to bytes. What a report says depends on the summary alone,
//! so a stored run gives the same report again.

mod failures;
mod grid;
mod json;
mod junit;
mod rows;
mod skips;
mod style;
mod table;

pub use failures::{failures, problems, reproduce};
pub use grid::grid;
pub use json::json;
pub use junit::junit;
pub use rows::rows;
pub use skips::skips;
pub use style::Style;
pub use table::table;
