use std::fmt;
use std::path::PathBuf;

use super::tls::Tls;

/// Where an engine may answer, and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://host`.
    pub address: String,
    /// Who names it.
    pub said_by: SaidBy,
    /// How it is spoken to, if it is a TCP port.
    pub tls: Tls,
}

/// Who names an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaidBy {
    /// A variable of the environment.
    Variable(&'static str),
    /// A context of Docker's client, and what chose that context.
    Context {
        /// The context's name.
        name: String,
        /// `DOCKER_CONTEXT`, or the path of `config.json`.
        chosen_by: String,
    },
    /// Nobody; this engine usually listens there.
    Usual(&'static str),
}

impl fmt::Display for SaidBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Context { name, chosen_by } => {
                write!(f, "context {name:?}, chosen by {chosen_by}")
            }
            Self::Usual(engine) => write!(f, "usual for {engine}"),
        }
    }
}

/// What the environment and the Docker client's files say, read beforehand.
#[derive(Debug, Clone, Default)]
pub struct ClientConfig {
    /// What somebody chose, who then gets that and nothing else.
    pub chosen: Option<Endpoint>,
    /// Where Docker's client has its files.
    pub client_folder: Option<PathBuf>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
}

/// The endpoints to try, best first.
///
/// Where engines listen: Docker and rootless Docker,
/// <https://docs.docker.com/engine/security/rootless/>; Docker Desktop,
/// <https://docs.docker.com/desktop/setup/install/linux/>; Podman,
/// podman-system-service(1).
pub fn endpoints(config: &ClientConfig) -> Vec<Endpoint> {
    if let Some(chosen) = &config.chosen {
        return vec![chosen.clone()];
    }
    let root = Some(PathBuf::from("/"));
    let usual = [
        (&root, "var/run/docker.sock", "Docker"),
        (&config.runtime_dir, "docker.sock", "rootless Docker"),
        (&config.home, ".docker/run/docker.sock", "Docker Desktop"),
        (
            &config.home,
            ".docker/desktop/docker.sock",
            "Docker Desktop",
        ),
        (&config.home, ".colima/default/docker.sock", "Colima"),
        (&config.home, ".orbstack/run/docker.sock", "OrbStack"),
        (&config.home, ".rd/docker.sock", "Rancher Desktop"),
        (&config.runtime_dir, "podman/podman.sock", "rootless Podman"),
        (&root, "run/podman/podman.sock", "Podman"),
        (
            &config.home,
            ".local/share/containers/podman/machine/podman.sock",
            "Podman's machine",
        ),
    ];
    usual
        .into_iter()
        .filter_map(|(folder, path, engine)| {
            let socket = folder.as_ref()?.join(path);
            Some(Endpoint {
                address: format!("unix://{}", socket.display()),
                said_by: SaidBy::Usual(engine),
                tls: Tls::No,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_chooses_an_endpoint_gets_that_one_and_no_other() {
        let chosen = Endpoint {
            address: "tcp://build:2375".to_owned(),
            said_by: SaidBy::Variable("DOCKER_HOST"),
            tls: Tls::No,
        };
        let config = ClientConfig {
            chosen: Some(chosen.clone()),
            client_folder: None,
            home: Some("/home/me".into()),
            runtime_dir: None,
        };
        assert_eq!(endpoints(&config), [chosen]);
    }

    #[test]
    fn without_a_word_the_usual_sockets_are_tried_dockers_first() {
        let config = ClientConfig {
            chosen: None,
            client_folder: None,
            home: Some("/home/me".into()),
            runtime_dir: Some("/run/user/1".into()),
        };
        let found: Vec<_> = endpoints(&config).into_iter().map(|e| e.address).collect();
        assert_eq!(found[0], "unix:///var/run/docker.sock");
        for socket in [
            "unix:///run/user/1/docker.sock",
            "unix:///home/me/.docker/run/docker.sock",
            "unix:///run/user/1/podman/podman.sock",
            "unix:///run/podman/podman.sock",
        ] {
            assert!(found.contains(&socket.to_owned()), "{socket}: {found:?}");
        }
    }

    #[test]
    fn a_user_without_a_home_is_not_sent_to_sockets_in_it() {
        let found = endpoints(&ClientConfig::default());
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
