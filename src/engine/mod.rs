//! Carries a plan out.
//!
//! The dispatcher decides which cell runs next; each cell is a state machine
//! of its own; images and services are made once and shared. Everything that
//! happens becomes an event.
//!
//! **Architecture invariant:** the engine never prints, and names no engine:
//! it knows the [`Runtime`](crate::runtime::Runtime) trait only.

mod attempt;
mod base;
mod build;
mod caches;
mod cancel;
mod dispatch;
mod emit;
mod images;
mod janitor;
mod lifecycle;
mod lines;
mod reader;
mod services;
mod tree;
mod verdict;
mod world;

pub use build::{Unmade, build_images};
pub use caches::{CacheKind, CachedImage, cached_images, remove_cached};
pub use cancel::{Cancel, Canceller, cancellation};
pub use dispatch::run;
pub use emit::Emitter;
pub use janitor::{Leftover, LeftoverKind, leftovers, remove_leftovers, sweep};
