//! Which engine the environment and the Docker client's files choose.

use std::path::PathBuf;

use super::context::{self, ContextError};
use super::endpoint::{ClientConfig, Endpoint, SaidBy};
use super::tls::Tls;

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

/// What the environment and the client's files say, in the order in which
/// Docker's client heeds them
/// (<https://docs.docker.com/engine/manage-resources/contexts/>); Podman's own
/// variable comes after Docker's.
pub fn read(environment: &Environment) -> Result<ClientConfig, ContextError> {
    let chosen = match variable(environment) {
        Some(endpoint) => Some(endpoint),
        None => context::chosen(
            environment.docker_config().as_deref(),
            environment.text("DOCKER_CONTEXT"),
        )?,
    };
    Ok(ClientConfig {
        chosen,
        client_folder: environment.docker_config(),
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a temporary folder"))
        }

        fn path(&self, path: &str) -> PathBuf {
            self.0.path().join(path)
        }

        fn read(&self, variables: &[(&str, &str)]) -> Result<ClientConfig, ContextError> {
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
    fn a_user_without_a_session_has_a_runtime_folder_all_the_same() {
        let home = Home::new();
        let runtime_dir = |variables| home.read(variables).expect("readable").runtime_dir;
        assert_eq!(runtime_dir(&[]), Some("/run/user/7".into()));
        let named = [("XDG_RUNTIME_DIR", "/elsewhere")];
        assert_eq!(runtime_dir(&named), Some("/elsewhere".into()));
    }
}
