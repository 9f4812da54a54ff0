use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::model::hex;

/// Where an engine may answer, and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `unix:///var/run/docker.sock`, `tcp://host:2375`, `ssh://host`.
    pub address: String,
    /// `DOCKER_HOST`, `context "remote"`, `default socket`.
    pub said_by: String,
}

/// What the environment and the Docker client's files say, read beforehand.
#[derive(Debug, Clone, Default)]
pub struct ClientConfig {
    /// `DOCKER_HOST`.
    pub host: Option<String>,
    /// `DOCKER_CONTEXT`, else `currentContext` of the client's `config.json`.
    pub context: Option<String>,
    /// The address in that context's `meta.json`.
    pub context_address: Option<String>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
}

impl ClientConfig {
    /// The folder of a context's `meta.json`, as Docker's client names it: the
    /// SHA-256 of the context's name.
    pub fn context_folder(docker_config: &Path, context: &str) -> PathBuf {
        let name = hex(&Sha256::digest(context.as_bytes()));
        docker_config.join("contexts/meta").join(name)
    }
}

/// The endpoints to try, best first. Who names one explicitly gets that one
/// and no other.
pub fn endpoints(config: &ClientConfig) -> Vec<Endpoint> {
    let endpoint = |address: String, said_by: &str| Endpoint {
        address,
        said_by: said_by.to_owned(),
    };
    if let Some(host) = config.host.as_ref().filter(|host| !host.is_empty()) {
        return vec![endpoint(host.clone(), "DOCKER_HOST")];
    }
    if let (Some(context), Some(address)) = (&config.context, &config.context_address) {
        return vec![endpoint(address.clone(), &format!("context {context:?}"))];
    }
    let mut found = vec![endpoint(
        "unix:///var/run/docker.sock".to_owned(),
        "default socket",
    )];
    let mut socket = |folder: &Option<PathBuf>, path: &str, said_by: &str| {
        if let Some(folder) = folder {
            let address = format!("unix://{}", folder.join(path).display());
            found.push(endpoint(address, said_by));
        }
    };
    socket(&config.home, ".docker/run/docker.sock", "Docker Desktop");
    socket(
        &config.home,
        ".docker/desktop/docker.sock",
        "Docker Desktop",
    );
    socket(&config.runtime_dir, "docker.sock", "rootless Docker");
    socket(&config.runtime_dir, "podman/podman.sock", "rootless Podman");
    found.push(endpoint(
        "unix:///run/podman/podman.sock".to_owned(),
        "Podman",
    ));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_host_is_the_only_word_when_it_is_there() {
        let config = ClientConfig {
            host: Some("tcp://build:2375".into()),
            context: Some("other".into()),
            context_address: Some("ssh://other".into()),
            ..ClientConfig::default()
        };
        let found = endpoints(&config);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].address, "tcp://build:2375");
    }

    #[test]
    fn a_context_comes_before_the_sockets() {
        let config = ClientConfig {
            context: Some("remote".into()),
            context_address: Some("ssh://remote".into()),
            ..ClientConfig::default()
        };
        assert_eq!(endpoints(&config)[0].address, "ssh://remote");
    }

    #[test]
    fn without_a_word_the_usual_sockets_are_tried() {
        let config = ClientConfig {
            home: Some("/home/me".into()),
            runtime_dir: Some("/run/user/1".into()),
            ..ClientConfig::default()
        };
        let found: Vec<_> = endpoints(&config).into_iter().map(|e| e.address).collect();
        assert_eq!(found[0], "unix:///var/run/docker.sock");
        assert!(found.contains(&"unix:///run/user/1/podman/podman.sock".to_owned()));
    }
}
