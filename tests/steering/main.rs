//! A watcher that goes on, and what it is told meanwhile, through the real binary and an
//! engine that has no containers.

#[path = "../common/mod.rs"]
mod common;
mod farm;
mod reloading;
mod speaking;
mod trying;
