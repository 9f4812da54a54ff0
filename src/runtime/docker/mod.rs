//! Docker, and whatever else speaks its API.
//!
//! **Architecture invariant:** the only room that names bollard.

mod abilities;
mod address;
mod archive;
mod config;
mod connect;
mod container;
mod context;
mod credential_helper;
mod credentials;
mod deadline;
mod diagnose;
mod endpoint;
mod engine;
mod error;
mod filter;
mod find;
mod image;
mod network;
mod network_room;
mod no_engine;
mod pull;
mod registry;
mod ssh;
mod state;
mod tls;
mod transport;
mod tunnel;

pub use connect::connect;
pub use context::ContextError;
pub use diagnose::Diagnosis;
pub use endpoint::{ClientConfig, Endpoint, SaidBy, endpoints};
pub use engine::Docker;
pub use find::{FindError, find};
pub use no_engine::NoEngine;
pub use tls::Tls;
