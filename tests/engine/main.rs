//! What the engine decides, on a container engine in memory.

mod endings;
mod faults;
mod images;
mod promises;
mod sharing;
mod stopping;
mod world;
