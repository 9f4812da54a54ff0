//! What `docker login` keeps for registries
//! (<https://docs.docker.com/reference/cli/docker/login/#credential-stores>).

use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use bollard::{BollardRequest, Docker};
use serde_json::Value;

use super::credential_helper::{HelperError, ask, by_password, by_token};

/// How Docker's own registry is called where credentials are kept.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

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
    #[error(transparent)]
    Helper(#[from] HelperError),
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
            return Ok(ask(&format!("docker-credential-{helper}"), registry).await?);
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
