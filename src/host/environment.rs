use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use super::HostError;
use crate::plan::BuildEnvironment;

/// The variables in which hosts name their CA bundle, most specific first.
const CA_VARIABLES: [&str; 4] = [
    "PIP_CERT",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
];
/// The variables a build may need to reach the world.
const NETWORK_VARIABLES: [&str; 7] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "PIP_INDEX_URL",
];

/// The variables that name a CA bundle here, and the files they name.
pub fn ca_variables() -> Vec<(&'static str, PathBuf)> {
    CA_VARIABLES
        .into_iter()
        .filter_map(|name| Some((name, env::var_os(name)?)))
        .filter(|(_, path)| !path.is_empty())
        .map(|(name, path)| (name, PathBuf::from(path)))
        .collect()
}

/// What builds get from this host.
///
/// # Errors
/// When the CA bundle that a variable names cannot be read.
pub fn build_environment(debian_mirror: &str) -> Result<BuildEnvironment, HostError> {
    let ca_bundle = ca_variables()
        .into_iter()
        .map(|(_, path)| path)
        .find(|path| path.is_file());
    let ca_bundle = match ca_bundle {
        Some(path) => std::fs::read(&path).map_err(HostError::read(path))?,
        None => Vec::new(),
    };
    let arguments: BTreeMap<String, String> = NETWORK_VARIABLES
        .iter()
        .filter_map(|name| Some((*name, env::var(name).ok()?)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (argument(name, &value).to_owned(), value))
        .collect();
    Ok(BuildEnvironment {
        arguments,
        ca_bundle: ca_bundle.into(),
        debian_mirror: debian_mirror.to_owned(),
    })
}

/// The build argument in which a variable travels. Arguments are in the history of
/// images, but for those of proxies
/// (<https://docs.docker.com/build/building/variables/#proxy-arguments>): an index
/// that wants a password goes in the place of a proxy that nothing here uses, from
/// where `dockerfiles/python/build/trust.sh` takes it.
fn argument<'a>(name: &'a str, value: &str) -> &'a str {
    if name == "PIP_INDEX_URL" && value.contains('@') {
        "FTP_PROXY"
    } else {
        name
    }
}

/// The address of pip's index, which is PyPI unless the user's environment says
/// otherwise.
pub fn package_index_url() -> String {
    let url = env::var("PIP_INDEX_URL").ok().filter(|url| !url.is_empty());
    let url = url.unwrap_or_else(|| "https://pypi.org/simple".to_owned());
    url.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::argument;

    #[test]
    fn an_index_with_a_password_is_in_no_images_history() {
        let index = "https://me:secret@index.example/simple";
        assert_eq!(argument("PIP_INDEX_URL", index), "FTP_PROXY");
        let public = "https://index.example/simple";
        assert_eq!(argument("PIP_INDEX_URL", public), "PIP_INDEX_URL");
        assert_eq!(
            argument("HTTPS_PROXY", "http://me:secret@proxy"),
            "HTTPS_PROXY"
        );
    }
}
