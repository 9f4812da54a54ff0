use async_trait::async_trait;

use super::container::Containers;
use super::error::RuntimeError;
use super::image::Images;
use super::network::Networks;

/// A container engine.
#[async_trait]
pub trait Runtime: Images + Containers + Networks {
    /// What it is and has.
    fn capabilities(&self) -> &Capabilities;

    /// Whether it answers, within five seconds.
    ///
    /// # Errors
    /// When it does not: mostly one that [`is_away`](RuntimeError::is_away).
    async fn ping(&self) -> Result<(), RuntimeError>;
}

/// What an engine is and has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Such as `Docker 28.2.2 (API 1.50)`.
    pub name: String,
    /// Its cores.
    pub cores: u32,
    /// Its bytes of memory.
    pub memory: u64,
}
