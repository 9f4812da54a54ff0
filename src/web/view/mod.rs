//! What each page shows, as plain values.

mod cell;
mod cell_row;
mod console;
mod difference;
mod front;
mod grouped;
mod machine;
mod notices;
mod past;
mod queue;
mod request;
mod run;
mod runs;
mod test;
mod waterfall;

pub use cell::{CellPage, find as find_cell};
pub use console::Console;
pub use front::Front;
pub use machine::Machine;
pub use notices::Notices;
pub use queue::Queue;
pub use request::RequestPage;
pub use run::RunPage;
pub use runs::{RunRow, Runs};
pub use test::TestPage;
pub use waterfall::Waterfall;
