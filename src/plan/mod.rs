//! Recipes as values: what has to be built, started and run for a set of cells.
//!
//! **Architecture invariant:** a plan is worked out without touching a
//! container engine, so it can be looked at, compared and tested.

mod archive;
mod base;
mod cell;
mod cell_container;
mod container;
mod context;
mod dockerfiles;
mod file;
mod image;
mod image_ref;
pub mod label;
mod name;
mod run;
mod schedule;
mod service;
mod tree;
mod tree_files;

pub use base::{Base, BaseSource, DebianBase};
pub use cell::{Address, CellPlan};
pub use container::{Container, Limits, Network};
pub use context::{Context, Part};
pub use dockerfiles::{Dockerfiles, Runner};
pub use file::FileKind;
pub use image::{Author, BuildEnvironment, Recipe};
pub use image_ref::ImageRef;
pub use label::Label;
pub use name::host;
pub use run::{Owner, Plan};
pub use schedule::{NoTests, Pace, jobs_for};
pub use service::{Service, Sharing};
pub use tree::{TreeLayer, delta_upload};
pub use tree_files::{EachFile, TreeDelta, TreeFiles};
