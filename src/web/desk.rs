use std::sync::Arc;

use super::pulse::Pulse;
use crate::run::Home;
use crate::spec::{Page, Watch};

/// What every answer is made from.
pub struct Desk {
    /// Where things are kept.
    pub home: Home,
    /// What is watched, as it is now.
    pub watch: Arc<dyn Fn() -> Arc<Watch> + Send + Sync>,
    /// What the page is like.
    pub page: Page,
    /// Tells that something has changed.
    pub(super) pulse: Pulse,
}

impl Desk {
    /// A desk of which nobody has asked anything yet.
    pub fn new(
        home: Home,
        watch: Arc<dyn Fn() -> Arc<Watch> + Send + Sync>,
        page: Page,
    ) -> Arc<Self> {
        Arc::new(Self {
            home,
            watch,
            page,
            pulse: Pulse::default(),
        })
    }
}
