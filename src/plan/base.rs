use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Dockerfiles;
use crate::model::{DatabaseKind, DatabaseSpec, Implementation, PythonSpec, hex};

/// Where base images may come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BaseSource {
    /// What is present, then the registry, then Debian.
    #[default]
    Auto,
    /// The registry only.
    Registry,
    /// Debian only: built here from this mirror.
    Debian,
}

/// An image that the Dockerfiles stand on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Its readable name: `python3.14`, `postgresql17`.
    pub name: String,
    /// The official image, with the user's registry prefix.
    pub registry: Option<String>,
    /// How to make it from Debian, if Debian has it.
    pub debian: Option<DebianBase>,
}

/// A base made from Debian's packages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebianBase {
    /// The suite: `trixie`.
    pub suite: String,
    /// Packages beside the essential ones.
    pub packages: Vec<String>,
}

/// `dockerfiles/debian.toml`: service or `python`, version, base.
type DebianTable = BTreeMap<String, BTreeMap<String, DebianBase>>;

impl Base {
    /// The base of a Python test image.
    pub fn python(python: PythonSpec, registry_prefix: &str, files: &Dockerfiles) -> Self {
        let version = python.to_string();
        let registry = match python.implementation {
            Implementation::CPython => Some(format!("python:{version}-slim")),
            // The official images know no free-threaded build.
            Implementation::FreeThreaded => None,
            Implementation::PyPy => Some(format!("pypy:{}.{}-slim", python.major, python.minor)),
        };
        Self::new(
            python.executable(),
            registry.map(|image| format!("{registry_prefix}{image}")),
            debian(files, "python", &version),
        )
    }

    /// The base of a database image; `None` for `SQLite`.
    pub fn database(
        database: &DatabaseSpec,
        registry_prefix: &str,
        files: &Dockerfiles,
    ) -> Option<Self> {
        let version = database.version.as_ref()?.to_string();
        let image = match database.kind {
            DatabaseKind::Sqlite => return None,
            DatabaseKind::Postgresql => format!("postgres:{version}"),
            DatabaseKind::Postgis => format!("postgis/postgis:{version}-3.5"),
            DatabaseKind::Mariadb => format!("mariadb:{version}"),
            DatabaseKind::Mysql => format!("mysql:{version}"),
            DatabaseKind::Oracle => format!("gvenzl/oracle-free:{version}-slim"),
        };
        Some(Self::new(
            database.to_string(),
            Some(format!("{registry_prefix}{image}")),
            debian(files, database.kind.as_str(), &version),
        ))
    }

    /// The base of a cache server's image: `memcached` or `redis`.
    pub fn cache(name: &str, version: &str, registry_prefix: &str, files: &Dockerfiles) -> Self {
        Self::new(
            format!("{name}{version}"),
            Some(format!("{registry_prefix}{name}:{version}")),
            debian(files, name, version),
        )
    }

    fn new(name: String, registry: Option<String>, debian: Option<DebianBase>) -> Self {
        Self {
            name,
            registry,
            debian,
        }
    }

    /// What it is called where images on top of it are called after it too.
    pub fn image_name(&self) -> String {
        format!("{}-base", self.name)
    }

    /// The tag of the base made from Debian: named after its recipe.
    pub fn debian_tag(&self) -> Option<String> {
        let debian = self.debian.as_ref()?;
        let mut digest = Sha256::new();
        digest.update(&debian.suite);
        for package in &debian.packages {
            digest.update([0]);
            digest.update(package);
        }
        let hex = hex(&digest.finalize()[..4]);
        Some(format!("djbuild/base-{}:{}-{hex}", self.name, debian.suite))
    }
}

fn debian(files: &Dockerfiles, table: &str, version: &str) -> Option<DebianBase> {
    let text = std::str::from_utf8(files.get("debian.toml")?).ok()?;
    let parsed: DebianTable = toml::from_str(text).ok()?;
    parsed.get(table)?.get(version).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debian_table_is_readable_and_knows_the_pythons_debian_has() {
        let files = Dockerfiles::embedded();
        let text = std::str::from_utf8(files.get("debian.toml").expect("embedded")).expect("text");
        let table: DebianTable = toml::from_str(text).expect("a valid table");
        for version in ["3.11", "3.13", "3.14"] {
            assert!(table["python"].contains_key(version), "{version}");
        }
    }

    #[test]
    fn the_registry_prefix_comes_first() {
        let files = Dockerfiles::embedded();
        let base = Base::python(PythonSpec::cpython(3, 14), "mirror.example/", &files);
        assert_eq!(
            base.registry.as_deref(),
            Some("mirror.example/python:3.14-slim")
        );
    }

    #[test]
    fn what_neither_has_has_no_base() {
        let files = Dockerfiles::embedded();
        let base = Base::python("3.14t".parse().expect("a literal"), "", &files);
        assert_eq!((base.registry, base.debian), (None, None));
    }
}
