//! Which engine the environment and the Docker client's files choose.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::hex;
use crate::runtime::docker::{ClientConfig, Endpoint, SaidBy, Tls};

/// The value of a variable, if it is set.
type Variable = dyn Fn(&str) -> Option<String>;

/// What is read of this process's surroundings.
pub struct Environment {
    variable: Box<Variable>,
    home: Option<PathBuf>,
    user: Option<u32>,
}

impl Environment {
    /// This process's own.
    pub fn of_process() -> Self {
        Self {
            variable: Box::new(|name| std::env::var(name).ok()),
            home: std::env::home_dir(),
            user: user(),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// Where Docker's client has its files.
    fn docker_config(&self) -> Option<PathBuf> {
        self.text("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| Some(self.home.as_ref()?.join(".docker")))
    }

    /// Under cron nobody says where it is, but it is there.
    fn runtime_dir(&self) -> Option<PathBuf> {
        self.text("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .or_else(|| Some(format!("/run/user/{}", self.user?).into()))
    }
}

/// Who this process belongs to, where the system has a file that says so.
#[cfg(unix)]
fn user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(std::fs::metadata("/proc/self").ok()?.uid())
}

#[cfg(not(unix))]
fn user() -> Option<u32> {
    None
}

/// A choice of engine that cannot be followed. Docker's client refuses it too,
/// rather than use an engine that nobody chose.
#[derive(Debug, thiserror::Error)]
pub enum EngineConfigError {
    #[error("{path}: {why}")]
    ClientFile { path: PathBuf, why: String },
    #[error(
        "there is no Docker context {name:?}, which {chosen_by} chooses ({path} is not there); \
         `docker context ls` lists those there are"
    )]
    NoContext {
        name: String,
        chosen_by: String,
        path: PathBuf,
    },
    #[error(
        "the Docker context {name:?}, which {chosen_by} chooses, cannot be used: {path}: {why}"
    )]
    Context {
        name: String,
        chosen_by: String,
        path: PathBuf,
        why: String,
    },
    #[error("DOCKER_CONTEXT chooses {0:?}, but there is no home folder to look for it: set HOME")]
    Homeless(String),
}

/// What the environment and the client's files say, in the order in which
/// Docker's client heeds them
/// (<https://docs.docker.com/engine/manage-resources/contexts/>); Podman's own
/// variable comes after Docker's.
pub fn read(environment: &Environment) -> Result<ClientConfig, EngineConfigError> {
    let chosen = match variable(environment) {
        Some(endpoint) => Some(endpoint),
        None => context(environment)?,
    };
    Ok(ClientConfig {
        chosen,
        home: environment.home.clone(),
        runtime_dir: environment.runtime_dir(),
    })
}

fn variable(environment: &Environment) -> Option<Endpoint> {
    if let Some(address) = environment.text("DOCKER_HOST") {
        return Some(Endpoint {
            address,
            said_by: SaidBy::Variable("DOCKER_HOST"),
            tls: tls(environment),
        });
    }
    Some(Endpoint {
        address: environment.text("CONTAINER_HOST")?,
        said_by: SaidBy::Variable("CONTAINER_HOST"),
        tls: Tls::No,
    })
}

/// The client takes any text for yes, `0` too.
fn tls(environment: &Environment) -> Tls {
    if environment.text("DOCKER_TLS_VERIFY").is_some() {
        let folder = environment
            .text("DOCKER_CERT_PATH")
            .map(PathBuf::from)
            .or_else(|| environment.docker_config());
        return Tls::Verified(folder.unwrap_or_default());
    }
    match environment.text("DOCKER_TLS") {
        Some(_) => Tls::Unverified,
        None => Tls::No,
    }
}

fn context(environment: &Environment) -> Result<Option<Endpoint>, EngineConfigError> {
    let folder = environment.docker_config();
    let (name, chosen_by) = match (environment.text("DOCKER_CONTEXT"), &folder) {
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
        return Err(EngineConfigError::Homeless(name));
    };
    read_context(&folder, name, chosen_by).map(Some)
}

fn current_context(file: &Path) -> Result<Option<String>, EngineConfigError> {
    let failed = |why: String| EngineConfigError::ClientFile {
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
fn read_context(
    folder: &Path,
    name: String,
    chosen_by: String,
) -> Result<Endpoint, EngineConfigError> {
    let hash = hex(&Sha256::digest(name.as_bytes()));
    let path = folder.join("contexts/meta").join(&hash).join("meta.json");
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(EngineConfigError::NoContext {
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

const fn broken(name: String, chosen_by: String, path: PathBuf, why: String) -> EngineConfigError {
    EngineConfigError::Context {
        name,
        chosen_by,
        path,
        why,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
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

        fn read(&self, variables: &[(&str, &str)]) -> Result<ClientConfig, EngineConfigError> {
            let variables: HashMap<String, String> = variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            read(&Environment {
                variable: Box::new(move |name| variables.get(name).cloned()),
                home: Some(self.0.path().to_owned()),
                user: Some(7),
            })
        }

        fn chosen(&self, variables: &[(&str, &str)]) -> Endpoint {
            self.read(variables)
                .expect("readable")
                .chosen
                .expect("a choice")
        }
    }

    fn hash(name: &str) -> String {
        hex(&Sha256::digest(name.as_bytes()))
    }

    #[test]
    fn docker_host_comes_before_podmans_variable_and_both_before_contexts() {
        let home = Home::new();
        let all = [
            ("DOCKER_HOST", "tcp://docker"),
            ("CONTAINER_HOST", "unix:///podman"),
            ("DOCKER_CONTEXT", "missing"),
        ];
        assert_eq!(home.chosen(&all).address, "tcp://docker");
        let podman = home.chosen(&all[1..]);
        assert_eq!(podman.address, "unix:///podman");
        assert_eq!(podman.said_by, SaidBy::Variable("CONTAINER_HOST"));
        assert!(home.read(&all[2..]).is_err());
    }

    #[test]
    fn tls_is_used_when_the_variables_say_so_with_the_folder_they_name() {
        let home = Home::new();
        let host = ("DOCKER_HOST", "tcp://docker");
        let verify = ("DOCKER_TLS_VERIFY", "1");
        assert_eq!(home.chosen(&[host]).tls, Tls::No);
        assert_eq!(
            home.chosen(&[host, verify]).tls,
            Tls::Verified(home.path(".docker"))
        );
        assert_eq!(
            home.chosen(&[host, verify, ("DOCKER_CERT_PATH", "/certs")])
                .tls,
            Tls::Verified("/certs".into())
        );
        assert_eq!(
            home.chosen(&[host, ("DOCKER_TLS", "1")]).tls,
            Tls::Unverified
        );
    }

    #[test]
    fn a_context_gives_its_address_and_its_certificates() {
        let home = Home::new();
        home.context(
            "remote",
            r#"{"Name":"remote","Endpoints":{"docker":{"Host":"tcp://far:2376","SkipTLSVerify":false}}}"#,
        );
        let remote = home.chosen(&[("DOCKER_CONTEXT", "remote")]);
        assert_eq!(
            (remote.address.as_str(), &remote.tls),
            ("tcp://far:2376", &Tls::No)
        );
        let material = format!(".docker/contexts/tls/{}/docker", hash("remote"));
        home.write(&format!("{material}/ca.pem"), "");
        let remote = home.chosen(&[("DOCKER_CONTEXT", "remote")]);
        assert_eq!(remote.tls, Tls::Verified(home.path(&material)));
    }

    #[test]
    fn the_clients_current_context_counts_and_the_default_one_is_none() {
        let home = Home::new();
        home.context("remote", r#"{"Endpoints":{"docker":{"Host":"ssh://far"}}}"#);
        home.write(".docker/config.json", r#"{"currentContext":"remote"}"#);
        let chosen = home.chosen(&[]);
        assert_eq!(chosen.address, "ssh://far");
        let file = home.path(".docker/config.json");
        assert_eq!(
            chosen.said_by.to_string(),
            format!("context \"remote\", chosen by {}", file.display())
        );
        let default = home.read(&[("DOCKER_CONTEXT", "default")]);
        assert_eq!(default.expect("readable").chosen, None);
    }

    #[test]
    fn a_context_that_is_not_there_is_an_error_and_not_the_default_socket() {
        let home = Home::new();
        home.write(".docker/config.json", r#"{"currentContext":"gone"}"#);
        let error = home.read(&[]).expect_err("no such context").to_string();
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
            let error = home.read(&[("DOCKER_CONTEXT", name)]).expect_err("broken");
            let error = error.to_string();
            assert!(
                error.contains("meta.json: ") && error.contains(why),
                "{error}"
            );
        }
        home.write(".docker/config.json", "no JSON");
        let error = home.read(&[]).expect_err("broken").to_string();
        assert!(error.contains(".docker/config.json: expected"), "{error}");
    }

    #[test]
    fn a_user_without_a_session_has_a_runtime_folder_all_the_same() {
        let home = Home::new();
        let runtime_dir = |variables| home.read(variables).expect("readable").runtime_dir;
        assert_eq!(runtime_dir(&[]), Some("/run/user/7".into()));
        let named = [("XDG_RUNTIME_DIR", "/elsewhere")];
        assert_eq!(runtime_dir(&named), Some("/elsewhere".into()));
    }
}
