//! From a request to a finished run.
//!
//! A [`Request`] is what is typed, what a watcher decides and what a queue keeps:
//! plain values. [`Asked`] is what it means here and now: the trees there are and
//! the cells to test them in. [`Prepared`] is that as a plan, and [`conduct`]
//! carries it out, keeps it, and says what it came to.
//!
//! **Architecture invariant:** nothing here prints, reads colours or knows a command
//! line. What a person should know is an event or a value.

mod begin;
mod candidates;
mod cells;
mod conduct;
mod error;
mod home;
mod images;
mod labels;
mod leftovers;
mod matrix_file;
mod planning;
mod prepare;
mod recording;
mod request;
mod tidy;
mod tree;

pub use cells::{Asked, ask};
pub use conduct::{Finished, conduct};
pub use error::RunError;
pub use home::Home;
pub use images::{Made, make_images};
pub use leftovers::{Judge, sweep_dead, sweep_late};
pub use matrix_file::{FILE_NAME, matrix_text, of_project, parse, read_spec, releases};
pub use planning::estimates;
pub use prepare::{Prepared, prepare, snapshots};
pub use request::{AskedBy, Images, Pacing, Pin, Request, Scope};
pub use tidy::{tidy, unused};
