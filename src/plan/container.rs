use std::collections::BTreeMap;

use super::{ImageRef, Label};

/// A container to be created: no host paths, no host ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its name on the engine.
    pub name: String,
    /// What it is started from.
    pub image: ImageRef,
    /// What it runs; empty means what the image says.
    pub command: Vec<String>,
    /// Its host name, on the run's network too.
    pub host: String,
    /// The run's network; `None` is no network but its own loopback.
    pub network: Option<String>,
    /// Whom it runs as; `None` means whom the image says.
    pub user: Option<String>,
    /// Environment variables, beside those of the image.
    pub environment: BTreeMap<String, String>,
    /// Labels, from the creation request on.
    pub labels: Vec<Label>,
    /// Folders in memory, for what is written often and needed by nobody later.
    pub memory_folders: Vec<String>,
    /// What it may use.
    pub limits: Limits,
}

/// What a container may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, swap included.
    pub memory: u64,
    /// Processes and threads.
    pub pids: u32,
    /// Bytes of `/dev/shm`.
    pub shared_memory: u64,
}

/// A network to be created: containers on it reach each other and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its name on the engine.
    pub name: String,
    /// Labels, from the creation request on.
    pub labels: Vec<Label>,
}
