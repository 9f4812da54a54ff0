//! The contexts of Docker's client
//! (<https://docs.docker.com/engine/manage-resources/contexts/>).

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::endpoint::{Endpoint, SaidBy};
use super::tls::Tls;
use crate::model::hex;

/// A choice of context that cannot be followed. Docker's client refuses it too,
/// rather than use an engine that nobody chose.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// The client's `config.json` cannot be read.
    #[error("{path}: {why}")]
    ClientFile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Nobody made the context.
    #[error(
        "there is no Docker context {name:?}, which {chosen_by} chooses ({path} is not there); \
         `docker context ls` lists those there are"
    )]
    NoContext {
        /// Its name.
        name: String,
        /// A variable, or the path of `config.json`.
        chosen_by: String,
        /// Where it would be.
        path: PathBuf,
    },
    /// The context is there, and of no use.
    #[error(
        "the Docker context {name:?}, which {chosen_by} chooses, cannot be used: {path}: {why}"
    )]
    Context {
        /// Its name.
        name: String,
        /// A variable, or the path of `config.json`.
        chosen_by: String,
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is nowhere to look for a context.
    #[error("DOCKER_CONTEXT chooses {0:?}, but there is no home folder to look for it: set HOME")]
    Homeless(String),
}

/// The endpoint of the context that `DOCKER_CONTEXT` names, else of the one that
/// is current in the client's folder; the one called `default` is none.
pub fn chosen(
    folder: Option<&Path>,
    variable: Option<String>,
) -> Result<Option<Endpoint>, ContextError> {
    let (name, chosen_by) = match (variable, folder) {
        (Some(name), _) => (name, "DOCKER_CONTEXT".to_owned()),
        (None, Some(folder)) => {
            let file = folder.join("config.json");
            match current_context(&file)? {
                Some(name) => (name, file.display().to_string()),
                None => return Ok(None),
            }
        }
        (None, None) => return Ok(None),
    };
    if name == "default" {
        return Ok(None);
    }
    let Some(folder) = folder else {
        return Err(ContextError::Homeless(name));
    };
    read(folder, name, chosen_by).map(Some)
}

fn current_context(file: &Path) -> Result<Option<String>, ContextError> {
    let failed = |why: String| ContextError::ClientFile {
        path: file.to_owned(),
        why,
    };
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    let config: Value = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
    let name = config.get("currentContext").and_then(Value::as_str);
    Ok(name.filter(|name| !name.is_empty()).map(str::to_owned))
}

/// A context's address and how it is spoken to. Its files are in folders named
/// by the SHA-256 of its name
/// (<https://github.com/docker/cli/blob/master/cli/context/store/store.go>).
fn read(folder: &Path, name: String, chosen_by: String) -> Result<Endpoint, ContextError> {
    let hash = hex(&Sha256::digest(name.as_bytes()));
    let path = folder.join("contexts/meta").join(&hash).join("meta.json");
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ContextError::NoContext {
                name,
                chosen_by,
                path,
            });
        }
        Err(error) => return Err(broken(name, chosen_by, path, error.to_string())),
    };
    let meta: Value = match serde_json::from_slice(&text) {
        Ok(meta) => meta,
        Err(error) => return Err(broken(name, chosen_by, path, error.to_string())),
    };
    let Some(address) = meta
        .pointer("/Endpoints/docker/Host")
        .and_then(Value::as_str)
    else {
        return Err(broken(
            name,
            chosen_by,
            path,
            "it has no Docker host".to_owned(),
        ));
    };
    let unverified = meta.pointer("/Endpoints/docker/SkipTLSVerify") == Some(&Value::Bool(true));
    let material = folder.join("contexts/tls").join(hash).join("docker");
    let tls = if unverified {
        Tls::Unverified
    } else if material.is_dir() {
        Tls::Verified(material)
    } else {
        Tls::No
    };
    Ok(Endpoint {
        address: address.to_owned(),
        said_by: SaidBy::Context { name, chosen_by },
        tls,
    })
}

const fn broken(name: String, chosen_by: String, path: PathBuf, why: String) -> ContextError {
    ContextError::Context {
        name,
        chosen_by,
        path,
        why,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a temporary folder"))
        }

        fn path(&self, path: &str) -> PathBuf {
            self.0.path().join(path)
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.path(path);
            let folder = path.parent().expect("inside the home folder");
            fs::create_dir_all(folder).expect("writable");
            fs::write(path, text).expect("writable");
        }

        fn context(&self, name: &str, meta: &str) {
            self.write(
                &format!(".docker/contexts/meta/{}/meta.json", hash(name)),
                meta,
            );
        }

        fn read(&self, variable: Option<&str>) -> Result<Option<Endpoint>, ContextError> {
            chosen(Some(&self.path(".docker")), variable.map(str::to_owned))
        }

        fn chosen(&self, variable: Option<&str>) -> Endpoint {
            self.read(variable).expect("readable").expect("a choice")
        }
    }

    fn hash(name: &str) -> String {
        hex(&Sha256::digest(name.as_bytes()))
    }

    #[test]
    fn a_context_gives_its_address_and_its_certificates() {
        let home = Home::new();
        home.context(
            "remote",
            r#"{"Name":"remote","Endpoints":{"docker":{"Host":"tcp://far:2376","SkipTLSVerify":false}}}"#,
        );
        let remote = home.chosen(Some("remote"));
        assert_eq!(
            (remote.address.as_str(), &remote.tls),
            ("tcp://far:2376", &Tls::No)
        );
        let material = format!(".docker/contexts/tls/{}/docker", hash("remote"));
        home.write(&format!("{material}/ca.pem"), "");
        let remote = home.chosen(Some("remote"));
        assert_eq!(remote.tls, Tls::Verified(home.path(&material)));
    }

    #[test]
    fn the_clients_current_context_counts_and_the_default_one_is_none() {
        let home = Home::new();
        home.context("remote", r#"{"Endpoints":{"docker":{"Host":"ssh://far"}}}"#);
        home.write(".docker/config.json", r#"{"currentContext":"remote"}"#);
        let chosen = home.chosen(None);
        assert_eq!(chosen.address, "ssh://far");
        let file = home.path(".docker/config.json");
        assert_eq!(
            chosen.said_by.to_string(),
            format!("context \"remote\", chosen by {}", file.display())
        );
        let default = home.read(Some("default"));
        assert_eq!(default.expect("readable"), None);
    }

    #[test]
    fn a_context_that_is_not_there_is_an_error_and_not_the_default_socket() {
        let home = Home::new();
        home.write(".docker/config.json", r#"{"currentContext":"gone"}"#);
        let error = home.read(None).expect_err("no such context").to_string();
        assert!(
            error.starts_with("there is no Docker context \"gone\", which "),
            "{error}"
        );
        assert!(error.contains(".docker/config.json chooses"), "{error}");
    }

    #[test]
    fn a_context_or_a_client_file_that_cannot_be_read_is_an_error_that_names_it() {
        let home = Home::new();
        home.context("torn", "{");
        home.context("kubernetes", r#"{"Endpoints":{}}"#);
        for (name, why) in [("torn", "EOF"), ("kubernetes", "no Docker host")] {
            let error = home.read(Some(name)).expect_err("broken");
            let error = error.to_string();
            assert!(
                error.contains("meta.json: ") && error.contains(why),
                "{error}"
            );
        }
        home.write(".docker/config.json", "no JSON");
        let error = home.read(None).expect_err("broken").to_string();
        assert!(error.contains(".docker/config.json: expected"), "{error}");
    }
}
