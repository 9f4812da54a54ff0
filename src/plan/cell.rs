use std::sync::Arc;

use super::{Recipe, Service, TreeFiles};
use crate::model::Cell;
use crate::spec::VariantChange;

/// What one cell needs and runs.
#[derive(Clone)]
pub struct CellPlan {
    /// Which cell.
    pub cell: Cell,
    /// Its test image.
    pub image: Arc<Recipe>,
    /// Its Django.
    pub tree: Arc<dyn TreeFiles>,
    /// Its database's container, unless it is `SQLite`.
    pub database: Option<Arc<Service>>,
    /// The cache servers its tests want.
    pub caches: Arc<[Arc<Service>]>,
    /// The name of its database, distinct among the cells that share a server.
    pub database_name: String,
    /// Labels and flags for `runtests.py`.
    pub arguments: Arc<[String]>,
    /// What its variant changes.
    pub change: Arc<VariantChange>,
}

/// Where a service answers on the run's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The service's name: `postgresql17`, `memcached-1`.
    pub service: String,
    /// The network.
    pub network: String,
    /// Its host name on the network.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// Where a cell's tree is, inside its container.
pub const TREE_FOLDER: &str = "django";
/// The user and group of everything in a cell.
pub const CELL_USER: u64 = 1000;
/// The user's name: one without a passwd entry is sent round in circles by one of
/// Django's tests.
pub const CELL_USER_NAME: &str = "django";
/// The list of files to delete before a cell starts, inside its container.
pub const DELETED_LIST: &str = "djbuild/delta/deleted";

impl CellPlan {
    /// Everything it talks to.
    pub fn services(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.database.iter().chain(&*self.caches)
    }

    /// Whether Django's cache tests are among the tests asked for: a run of
    /// other labels is not made to wait for cache servers.
    pub fn wants_caches(labels: &[String]) -> bool {
        let is_of_caches = |label: &String| label.split(['.', '/']).any(|part| part == "cache");
        labels.is_empty() || labels.iter().any(is_of_caches)
    }
}

impl std::fmt::Debug for CellPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CellPlan")
            .field("cell", &self.cell.to_string())
            .field("tree", self.tree.id())
            .field("arguments", &self.arguments)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn cache_servers_are_wanted_by_the_whole_suite_and_by_cache_tests() {
        assert!(CellPlan::wants_caches(&[]));
        assert!(CellPlan::wants_caches(&own(&[
            "aggregation",
            "cache.tests"
        ])));
        assert!(!CellPlan::wants_caches(&own(&["aggregation", "queries"])));
    }
}
