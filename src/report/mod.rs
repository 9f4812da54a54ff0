//! From a summary to bytes. What a report says depends on the summary alone,
//! so a stored run gives the same report again.

mod annotations;
mod cause;
mod failures;
mod grid;
mod json;
mod junit;
mod log_line;
mod markdown;
mod remarks;
mod rows;
mod skips;
mod style;
mod table;

pub use annotations::annotations;
pub use failures::{failures, problems, reproduce};
pub use grid::grid;
pub use json::json;
pub use junit::junit;
pub use log_line::log_line;
pub use markdown::markdown;
pub use remarks::remarks;
pub use rows::rows;
pub use skips::skips;
pub use style::Style;
pub use table::table;
