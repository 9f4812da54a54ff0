//! Recipes as values: what has to be built, started and run for a set of cells.
//!
//! **Architecture invariant:** a plan is worked out without touching a
//! container engine, so it can be looked at, compared and tested.

mod archive;
mod base;
mod cell;
mod container;
mod context;
mod dockerfiles;
mod image;
pub mod label;
mod schedule;
mod service;
mod tree;

use crate::model::RunId;

pub use base::{Base, BaseSource, DebianBase};
pub use cell::{Address, CellPlan, slug};
pub use container::{Container, Limits, Network};
pub use context::{Context, EachFile, FileKind, Part, TreeDelta, TreeFiles};
pub use dockerfiles::Dockerfiles;
pub use image::{BuildEnvironment, Recipe};
pub use label::Label;
pub use schedule::{Pace, jobs_for};
pub use service::{Service, Sharing};
pub use tree::{TreeLayer, delta_upload};

/// What has to be built, started and run, in starting order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The run this plan is for.
    pub run: RunId,
    /// Marks everything this installation of djbuild starts.
    pub owner: String,
    /// The cells, longest expected first.
    pub cells: Vec<CellPlan>,
    /// How fast and how long.
    pub pace: Pace,
    /// The test runner inside cells: its files by their paths.
    pub runner: Vec<(String, Vec<u8>)>,
    /// What every build gets from the host and no image keeps.
    pub environment: BuildEnvironment,
    /// Where base images may come from.
    pub base_source: BaseSource,
}
