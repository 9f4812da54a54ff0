//! A container engine in memory: stateful, scripted, and honest about what is
//! left in it. For tests of what the engine room decides; whether Docker
//! behaves like this is for tests on Docker.

mod container;
mod containers;
mod engine;
mod handle;
mod images;
mod world;

pub use container::Step;
pub use handle::Fake;
pub use world::Answer;
