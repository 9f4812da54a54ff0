use std::sync::Arc;

use super::pulse::Pulse;
use crate::access::Access;
use crate::run::Home;
use crate::spec::Page;
use crate::watch::{Helm, Orders};

/// What every answer is made from.
pub struct Desk {
    /// Where things are kept.
    pub home: Home,
    /// The station that is at work, which is told what people want.
    pub helm: Arc<Helm>,
    /// What the page is like.
    pub page: Page,
    /// Who may come in.
    pub access: Access,
    /// What hints of pushes are signed with; without it nobody gives any.
    pub hook: Option<String>,
    /// Tells that something has changed.
    pub(super) pulse: Pulse,
}

impl Desk {
    /// A desk of which nobody has asked anything yet.
    pub fn new(
        home: Home,
        helm: Arc<Helm>,
        page: Page,
        access: Access,
        hook: Option<String>,
    ) -> Arc<Self> {
        Arc::new(Self {
            home,
            helm,
            page,
            access,
            hook,
            pulse: Pulse::default(),
        })
    }

    /// What is watched, as it is now.
    pub fn orders(&self) -> Arc<Orders> {
        self.helm.orders()
    }
}
