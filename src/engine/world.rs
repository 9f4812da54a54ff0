use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::images::Images;
use super::services::Services;
use super::tree::Layers;
use super::{Cancel, Emitter};
use crate::model::CellName;
use crate::plan::Plan;
use crate::runtime::Runtime;

/// What every attempt of every cell works with.
pub struct World {
    pub plan: Arc<Plan>,
    pub runtime: Arc<dyn Runtime>,
    pub emit: Emitter,
    pub cancel: Cancel,
    pub images: Images,
    pub layers: Layers,
    pub services: Services,
    pub finished: Mutex<HashSet<CellName>>,
}

impl World {
    /// A world in which nothing has been made yet.
    pub fn new(plan: Plan, runtime: Arc<dyn Runtime>, emit: Emitter, cancel: Cancel) -> Self {
        let plan = Arc::new(plan);
        Self {
            layers: Layers::default(),
            images: Images::new(&plan, Arc::clone(&runtime), emit.clone()),
            services: Services::new(&plan, Arc::clone(&runtime), emit.clone()),
            plan,
            runtime,
            emit,
            cancel,
            finished: Mutex::default(),
        }
    }
}
