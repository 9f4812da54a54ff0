use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::{Container, Label, Limits, Network, Pace, Plan, Recipe, Service, TreeFiles, label};
use crate::model::{Cell, DatabaseKind};
use crate::spec::VariantChange;

/// What one cell needs and runs.
#[derive(Clone)]
pub struct CellPlan {
    /// Which cell.
    pub cell: Cell,
    /// Its test image.
    pub image: Recipe,
    /// Its Django.
    pub tree: Arc<dyn TreeFiles>,
    /// Its database's container, unless it is `SQLite`.
    pub database: Option<Service>,
    /// The cache servers its tests want.
    pub caches: Vec<Service>,
    /// The name of its database, distinct among the cells that share a server.
    pub database_name: String,
    /// Labels and flags for `runtests.py`.
    pub arguments: Vec<String>,
    /// What its variant changes.
    pub change: VariantChange,
}

/// Where a service answers on the run's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The service's name: `postgresql17`, `memcached-1`.
    pub service: String,
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

/// Warnings are on, as in Django's own CI.
const PYTHON_FLAGS: &str = "-Wall";

/// `DJBUILD_CELL`, as `dockerfiles/runner` reads it.
#[derive(Serialize)]
struct Configuration<'a> {
    tree: String,
    cell: String,
    database: Database<'a>,
    caches: Caches,
    parallel: u32,
    serial_below: u32,
    ready_timeout: u64,
    arguments: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    settings: &'a BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct Database<'a> {
    vendor: DatabaseKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    user: &'static str,
    password: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    options: &'a BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct Caches {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    memcached: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<String>,
}

impl CellPlan {
    /// Everything it talks to.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.database.iter().chain(&self.caches)
    }

    /// The cell's container on `image`, with its services at `addresses` and
    /// `parallel` processes. One without services has nobody to talk to.
    pub fn container(
        &self,
        plan: &Plan,
        image: &str,
        addresses: &[Address],
        (attempt, parallel): (u32, u32),
    ) -> Container {
        let name = self.cell.name();
        let configuration = self.configuration(&plan.pace, addresses, parallel);
        let slug = slug(name.as_str());
        Container {
            name: format!("djbuild-{}-{slug}-{attempt}", plan.run),
            image: image.to_owned(),
            command: self.command(),
            user: Some(CELL_USER_NAME.to_owned()),
            host: "cell".to_owned(),
            network: (!addresses.is_empty()).then(|| plan.network_name()),
            environment: self
                .change
                .environment
                .clone()
                .into_iter()
                .chain([("DJBUILD_CELL".to_owned(), configuration)])
                .collect(),
            labels: plan.labels((label::CELL, name.as_str())),
            memory_folders: vec!["/tmp".to_owned()],
            limits: Limits {
                memory: plan.pace.memory,
                pids: 2048,
                shared_memory: 256 << 20,
            },
        }
    }

    /// Starts the runner.
    fn command(&self) -> Vec<String> {
        let usual = || vec![PYTHON_FLAGS.to_owned()];
        let mut command = vec!["/venv/bin/python".to_owned()];
        command.extend(self.change.python_flags.clone().unwrap_or_else(usual));
        command.extend(["-m", "djbuild_runner"].map(str::to_owned));
        command
    }

    fn configuration(&self, pace: &Pace, addresses: &[Address], parallel: u32) -> String {
        let database = self.database.as_ref().and_then(|service| {
            addresses
                .iter()
                .find(|address| address.service == service.name)
        });
        let at = |prefix: &str| -> Vec<String> {
            addresses
                .iter()
                .filter(|address| address.service.starts_with(prefix))
                .map(|address| format!("{}:{}", address.host, address.port))
                .collect()
        };
        let arguments: Vec<String> = self
            .arguments
            .iter()
            .chain(&self.change.flags)
            .cloned()
            .collect();
        let configuration = Configuration {
            tree: format!("/{TREE_FOLDER}"),
            cell: self.cell.to_string(),
            database: Database {
                vendor: self.cell.database.kind,
                host: database.map(|address| address.host.as_str()),
                port: database.map(|address| address.port),
                user: "django",
                password: "django",
                name: &self.database_name,
                options: &self.change.database_options,
            },
            caches: Caches {
                memcached: at("memcached"),
                redis: at("redis").first().map(|at| format!("redis://{at}")),
            },
            parallel,
            serial_below: if arguments.iter().any(|a| a.starts_with("--parallel")) {
                0
            } else {
                pace.serial_below()
            },
            ready_timeout: pace.ready_timeout.as_secs(),
            arguments: &arguments,
            settings: &self.change.settings,
        };
        // Plain structs of strings and numbers: nothing in them can fail.
        serde_json::to_string(&configuration).unwrap_or_default()
    }

    /// Whether Django's cache tests are among the tests asked for: a run of
    /// other labels is not made to wait for cache servers.
    pub fn wants_caches(labels: &[String]) -> bool {
        let is_of_caches = |label: &String| label.split(['.', '/']).any(|part| part == "cache");
        labels.is_empty() || labels.iter().any(is_of_caches)
    }
}

impl Plan {
    /// The labels of everything this run starts.
    pub fn labels(&self, (key, value): (&str, &str)) -> Vec<Label> {
        vec![
            (label::RUN.to_owned(), self.run.to_string()),
            (label::OWNER.to_owned(), self.owner.clone()),
            (key.to_owned(), value.to_owned()),
        ]
    }

    /// The run's network.
    pub fn network(&self) -> Network {
        Network {
            name: self.network_name(),
            labels: self.labels((label::SERVICE, "network")),
        }
    }

    /// Its name, and how every name of the run begins.
    pub fn network_name(&self) -> String {
        format!("djbuild-{}", self.run)
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

/// A name as engines allow it.
pub fn slug(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '-'
            }
        })
        .collect()
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

    #[test]
    fn a_slug_keeps_what_engines_allow() {
        assert_eq!(slug("stable/6.1.x-é"), "stable-6.1.x--");
    }
}
