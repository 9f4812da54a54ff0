//! What a container engine can do, whichever it is, by what is asked of it:
//! images, containers, networks.
//!
//! **Architecture invariant:** nothing here assumes that the engine is on this
//! machine, nor that it is one machine: no bind mounts, no host ports, no host
//! paths; images have names to be found by and references to be started from.

mod bootstrap;
mod container;
pub mod docker;
mod engine;
mod error;
mod image;
mod network;
mod resource;

pub use bootstrap::{Bootstrap, BootstrapError, Bootstrapping};
pub use container::{ContainerPhase, Containers, Exit, Output, OutputStream, State};
pub use engine::{Capabilities, Runtime};
pub use error::{BuildError, PullError, RuntimeError};
pub use image::{Build, BuildLine, ByteStream, Image, Images};
pub use network::Networks;
pub use resource::Resource;
