use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::cell::{Address, CELL_USER_NAME, CellPlan, TREE_FOLDER};
use super::{Container, ImageRef, Limits, Pace, Plan, label};
use crate::model::DatabaseKind;

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
    name: String,
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
    /// The cell's container on `image`, with its services at `addresses` on `network`
    /// and `parallel` processes. One without services has nobody to talk to.
    pub fn container(
        &self,
        plan: &Plan,
        image: &ImageRef,
        addresses: &[Address],
        network: Option<&str>,
        (attempt, parallel): (u32, u32),
    ) -> Container {
        let name = self.cell.name();
        let configuration = self.configuration(&plan.pace, addresses, (attempt, parallel));
        Container {
            name: self.container_name(plan, attempt),
            image: image.clone(),
            command: self.command(),
            user: Some(CELL_USER_NAME.to_owned()),
            host: "cell".to_owned(),
            network: network
                .filter(|_| !addresses.is_empty())
                .map(ToOwned::to_owned),
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

    /// What the container of this attempt is called.
    pub fn container_name(&self, plan: &Plan, attempt: u32) -> String {
        plan.name(self.cell.name().as_str(), attempt)
    }

    /// Each attempt has databases of its own: a server may take a while to notice that
    /// an earlier one is gone, and PostgreSQL drops no database that somebody is in.
    fn database_name(&self, attempt: u32) -> String {
        match attempt {
            1 => self.database_name.clone(),
            later => format!("{}_{later}", self.database_name),
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

    fn configuration(
        &self,
        pace: &Pace,
        addresses: &[Address],
        (attempt, parallel): (u32, u32),
    ) -> String {
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
                name: self.database_name(attempt),
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
}
