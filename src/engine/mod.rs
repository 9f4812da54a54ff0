//! Carries plans out.
//!
//! One [`Engine`] is the container engine as a whole process uses it: what was made,
//! whether it answers, and a queue in which the cells of all runs wait for their
//! turn. Each run has a world of its own, each cell is seen through by a task.
//! Everything that happens becomes an event.
//!
//! **Architecture invariant:** the engine never prints, and names no engine:
//! it knows the [`Runtime`](crate::runtime::Runtime) trait only.

mod attempt;
mod base;
mod build;
mod caches;
mod caller;
mod cancel;
mod clean_up;
mod dispatch;
mod ended;
mod follow;
mod handle;
mod images;
mod janitor;
mod lifecycle;
mod lines;
mod lost;
mod making;
mod memo;
mod output;
mod patience;
mod presence;
mod problem;
mod pulse;
mod queue;
mod reader;
mod retry;
mod seen;
mod sentry;
mod services;
mod tail;
mod tree;
mod verdict;
mod world;

pub use build::Unmade;
pub use caches::{CacheKind, CachedImage, cached_images, remove_cached};
pub use cancel::{Cancel, Canceller, cancellation};
pub use ended::Ended;
pub use handle::Engine;
pub use janitor::{Leftover, LeftoverKind, leftovers, remove_leftovers, sweep};
pub use pulse::BEAT;
