//! What `docker login` keeps for registries
//! (<https://docs.docker.com/reference/cli/docker/login/#credential-stores>).

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use bollard::{BollardRequest, Docker};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// How Docker's own registry is called where credentials are kept.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";
/// A keychain may have to be unlocked; nobody is there to do it.
const PATIENCE: Duration = Duration::from_secs(10);
/// The user name of what is no password but a token.
const TOKEN: &str = "<token>";

/// The credentials in the folder of Docker's client. They are read anew for each
/// pull: a run may take longer than a token lives.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    folder: Option<PathBuf>,
}

/// Credentials that are there and cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    #[error("{path}: {why}")]
    File { path: PathBuf, why: String },
    #[error("{helper}: {why}")]
    Helper { helper: String, why: String },
}

impl Credentials {
    pub const fn of(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// What is kept for the registry of an image, if anything is.
    pub async fn for_image(
        &self,
        image: &str,
    ) -> Result<Option<DockerCredentials>, CredentialsError> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let path = folder.join("config.json");
        let failed = |why: String| CredentialsError::File {
            path: path.clone(),
            why,
        };
        let text = match tokio::fs::read(&path).await {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        let config: Value =
            serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
        let registry = registry(image);
        let helper = config
            .get("credHelpers")
            .and_then(Value::as_object)
            .and_then(|helpers| helpers.iter().find(|(key, _)| host(key) == host(registry)))
            .map(|(_, helper)| helper)
            .or_else(|| config.get("credsStore"))
            .and_then(Value::as_str)
            .filter(|helper| !helper.is_empty());
        if let Some(helper) = helper {
            return ask(&format!("docker-credential-{helper}"), registry).await;
        }
        let entry = config
            .get("auths")
            .and_then(Value::as_object)
            .and_then(|auths| auths.iter().find(|(key, _)| host(key) == host(registry)));
        match entry {
            None => Ok(None),
            Some((_, entry)) => read(entry, registry).map_err(|why| failed(why.to_owned())),
        }
    }
}

/// The registry in an image's name: its first part, if that looks like a host
/// (<https://pkg.go.dev/github.com/distribution/reference#ParseNormalizedNamed>).
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => match first {
            "docker.io" | "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
            other => other,
        },
        _ => DOCKER_HUB,
    }
}

/// Entries may be called by an address or by a host alone.
fn host(key: &str) -> &str {
    let key = key.split_once("://").map_or(key, |(_, rest)| rest);
    match key.split('/').next().unwrap_or(key) {
        "docker.io" => "index.docker.io",
        host => host,
    }
}

/// An entry of `auths`; an empty one is left where a store has the rest.
fn read(entry: &Value, registry: &str) -> Result<Option<DockerCredentials>, &'static str> {
    let text = |key| {
        let value = entry.get(key).and_then(Value::as_str);
        value.filter(|text| !text.is_empty())
    };
    if let Some(token) = text("identitytoken") {
        return Ok(Some(by_token(token.to_owned(), registry)));
    }
    let Some(auth) = text("auth") else {
        return Ok(None);
    };
    let decoded = STANDARD.decode(auth).ok();
    let pair = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let (user, password) = pair
        .as_deref()
        .and_then(|pair| pair.split_once(':'))
        .ok_or("an \"auth\" in it is no user and password")?;
    let password = password.trim_end_matches('\0');
    Ok(Some(by_password(
        user.to_owned(),
        password.to_owned(),
        registry,
    )))
}

/// Asks the program that keeps them
/// (<https://github.com/docker/docker-credential-helpers#development>).
async fn ask(helper: &str, registry: &str) -> Result<Option<DockerCredentials>, CredentialsError> {
    let failed = |why: String| CredentialsError::Helper {
        helper: helper.to_owned(),
        why,
    };
    let answer = async {
        let mut child = Command::new(helper)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(registry.as_bytes()).await?;
        }
        child.wait_with_output().await
    };
    let output = timeout(PATIENCE, answer)
        .await
        .map_err(|_| failed(format!("no answer in {} s", PATIENCE.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        let said = said.trim();
        // As the helpers' own library says it.
        if said.contains("credentials not found") {
            return Ok(None);
        }
        return Err(failed(format!("{}, {said}", output.status)));
    }
    let answer: Value = serde_json::from_slice(&output.stdout)
        // What it said is a secret.
        .map_err(|_| failed("its answer is no JSON".to_owned()))?;
    let text = |key| {
        let value = answer.get(key).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let (user, secret) = (text("Username"), text("Secret"));
    Ok(Some(if user == TOKEN {
        by_token(secret, registry)
    } else {
        by_password(user, secret, registry)
    }))
}

fn by_password(user: String, password: String, registry: &str) -> DockerCredentials {
    DockerCredentials {
        username: Some(user),
        password: Some(password),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    }
}

fn by_token(token: String, registry: &str) -> DockerCredentials {
    DockerCredentials {
        identitytoken: Some(token),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    }
}

/// A client that writes credentials in the alphabet engines read them in, that
/// of addresses (RFC 4648, section 5). bollard 0.21 takes the other one, and an
/// engine that cannot read them goes on without a word.
pub fn mended(client: Docker) -> Docker {
    client.with_request_modifier(|mut request: BollardRequest| {
        if let Some(header) = request.headers_mut().get_mut("X-Registry-Auth") {
            let text = header.to_str().unwrap_or_default();
            if let Ok(mended) = text.replace('+', "-").replace('/', "_").parse() {
                *header = mended;
            }
            header.set_sensitive(true);
        }
        request
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    async fn kept(config: &str, image: &str) -> Result<String, CredentialsError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("config.json"), config).expect("writable");
        let credentials = Credentials::of(Some(folder.path().to_owned()));
        let found = credentials.for_image(image).await?;
        Ok(
            found.map_or_else(String::new, |found| match found.identitytoken {
                Some(token) => token,
                None => [found.username, found.password]
                    .map(Option::unwrap_or_default)
                    .join(" "),
            }),
        )
    }

    #[tokio::test]
    async fn what_docker_login_kept_is_found_by_the_registry_of_an_image() {
        let config = r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "aHViOnNlY3JldA=="},
            "ghcr.io": {"identitytoken": "token"},
            "mirror.example:5000": {"auth": "bWU6YTpi"},
            "empty.example": {}
        }}"#;
        for (image, expected) in [
            ("python:3.14-slim", "hub secret"),
            ("postgis/postgis:17-3.5", "hub secret"),
            ("docker.io/library/python:3.14", "hub secret"),
            ("ghcr.io/a/b:1", "token"),
            ("mirror.example:5000/python:3.14", "me a:b"),
            ("empty.example/python:3.14", ""),
            ("other.example/python:3.14", ""),
        ] {
            assert_eq!(
                kept(config, image).await.expect("readable"),
                expected,
                "{image}"
            );
        }
    }

    #[tokio::test]
    async fn who_never_logged_in_has_none_and_what_cannot_be_read_is_told_without_it() {
        let nowhere = Credentials::of(Some(Path::new("/nowhere").to_owned()));
        let none = nowhere.for_image("python:3").await;
        assert!(none.expect("no file").is_none());
        let torn = r#"{"auths": {"index.docker.io": {"auth": "c2VjcmV0"}}}"#;
        let error = kept(torn, "python:3").await.expect_err("no pair");
        let error = error.to_string();
        assert!(
            error.contains("config.json") && !error.contains("c2VjcmV0"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_helper_is_asked_for_the_registry_and_may_know_nothing_or_fail() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let helper = folder.path().join("docker-credential-lab");
        let script = "#!/bin/sh
            read -r registry
            case $registry in
                ghcr.io) echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}' ;;
                mirror.example) echo '{\"Username\":\"me\",\"Secret\":\"s\"}' ;;
                broken.example) echo secret ;;
                locked.example) echo keychain is locked; exit 1 ;;
                *) echo credentials not found in native keychain; exit 1 ;;
            esac";
        std::fs::write(&helper, script).expect("writable");
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755))
            .expect("writable");
        let helper = helper.to_str().expect("text");
        let asked = |registry: &'static str| ask(helper, registry);
        let token = asked("ghcr.io").await.expect("an answer").expect("known");
        assert_eq!(token.identitytoken.as_deref(), Some("t"));
        let pair = asked("mirror.example").await.expect("an answer");
        assert_eq!(pair.expect("known").username.as_deref(), Some("me"));
        assert!(asked("other").await.expect("an answer").is_none());
        let locked = asked("locked.example").await.expect_err("it fails");
        assert!(
            locked.to_string().contains("keychain is locked"),
            "{locked}"
        );
        let broken = asked("broken.example").await.expect_err("no JSON");
        assert!(!broken.to_string().contains("secret"), "{broken}");
    }

    #[tokio::test]
    async fn a_helper_that_is_not_there_is_told_by_its_name() {
        let config = r#"{"credsStore": "nowhere"}"#;
        let error = kept(config, "python:3").await.expect_err("no helper");
        let error = error.to_string();
        assert!(
            error.starts_with("docker-credential-nowhere: No such file"),
            "{error}"
        );
    }
}
