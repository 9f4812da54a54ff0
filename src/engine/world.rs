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
