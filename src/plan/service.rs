use std::sync::Arc;

use super::{Base, Dockerfiles, Limits, Recipe};
use crate::model::{DatabaseKind, DatabaseSpec};

/// A database or cache container that cells talk to.
#[derive(Debug, Clone)]
pub struct Service {
    /// What it is called: `postgresql17`, `memcached`.
    pub name: String,
    /// Its image.
    pub image: Arc<Recipe>,
    /// Its port.
    pub port: u16,
    /// Who may use it at the same time.
    pub sharing: Sharing,
    /// Where it keeps its data, in memory.
    pub memory_folders: Vec<String>,
    /// What it may use.
    pub limits: Limits,
}

/// Who may use a service at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// All the run's cells: they use distinct database names.
    Shared,
    /// One cell at a time, and then the next: cache tests flush the whole server.
    InTurn,
    /// One cell, and then it goes.
    Once,
}

const MIB: u64 = 1 << 20;

impl Service {
    /// The container of a database; `None` for `SQLite`.
    pub fn database(
        database: &DatabaseSpec,
        sharing: Sharing,
        registry_prefix: &str,
        files: &Dockerfiles,
    ) -> Option<Self> {
        let base = Base::database(database, registry_prefix, files)?;
        let (folder, port) = match database.kind {
            DatabaseKind::Sqlite => return None,
            DatabaseKind::Postgresql | DatabaseKind::Postgis => ("postgresql", 5432),
            DatabaseKind::Mariadb => ("mariadb", 3306),
            DatabaseKind::Mysql => ("mysql", 3306),
            DatabaseKind::Oracle => ("oracle", 1521),
        };
        Some(Self {
            name: database.to_string(),
            image: Arc::new(Recipe::service(folder, base, files)),
            port,
            sharing,
            memory_folders: vec!["/djbuild/live".to_owned()],
            limits: Limits {
                // Its data counts: every process of every cell has databases.
                memory: 6144 * MIB,
                pids: 1024,
                shared_memory: 512 * MIB,
            },
        })
    }

    /// The cache servers that Django's cache tests want: two memcached, since
    /// the tests of its two clients would flush each other's keys, and Redis.
    pub fn caches(registry_prefix: &str, files: &Dockerfiles) -> Vec<Self> {
        let cache = |name: &str, kind: &str, version: &str, port| Self {
            name: name.to_owned(),
            image: Arc::new(Recipe::service(
                kind,
                Base::cache(kind, version, registry_prefix, files),
                files,
            )),
            port,
            sharing: Sharing::InTurn,
            memory_folders: Vec::new(),
            limits: Limits {
                memory: 256 * MIB,
                pids: 128,
                shared_memory: 64 * MIB,
            },
        };
        vec![
            cache("memcached-1", "memcached", "1.6", 11211),
            cache("memcached-2", "memcached", "1.6", 11211),
            cache("redis", "redis", "8", 6379),
        ]
    }
}
