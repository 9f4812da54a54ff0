//! What the engine decides, on a container engine in memory.

mod bounds;
mod endings;
mod faults;
mod images;
mod lost_logs;
mod outages;
mod outside;
mod promises;
mod pruned;
mod reading;
mod registry;
mod several;
mod sharing;
mod stopping;
mod world;
