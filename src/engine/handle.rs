use std::sync::Arc;

use super::base::Bases;
use super::images::Images;
use super::presence::Presence;
use super::queue::Queue;
use super::tree::Layers;
use crate::plan::jobs_for;
use crate::runtime::{Bootstrap, Capabilities, Runtime};

/// The container engine, as one process uses it: what is there and what is away,
/// what was made, and who runs next. Any number of runs share it.
pub struct Engine {
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) presence: Arc<Presence>,
    pub(super) images: Images,
    pub(super) layers: Layers,
    pub(super) queue: Arc<Queue>,
}

impl Engine {
    /// A handle on this container engine, with as many places for cells as it has
    /// cores and memory for.
    pub fn new(runtime: Arc<dyn Runtime>, bootstrap: Arc<dyn Bootstrap>) -> Arc<Self> {
        let Capabilities { cores, memory, .. } = *runtime.capabilities();
        let presence = Arc::new(Presence::new(Arc::clone(&runtime)));
        let bases = Bases::new(Arc::clone(&runtime), bootstrap);
        Arc::new(Self {
            images: Images::new(Arc::clone(&runtime), Arc::clone(&presence), bases),
            layers: Layers::new(Arc::clone(&runtime), Arc::clone(&presence)),
            queue: Queue::new(jobs_for(cores, memory)),
            presence,
            runtime,
        })
    }

    /// What the container engine is and has.
    pub fn capabilities(&self) -> &Capabilities {
        self.runtime.capabilities()
    }
}
