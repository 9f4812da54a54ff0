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
        .filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    Ok(BuildEnvironment {
        arguments,
        ca_bundle,
        debian_mirror: debian_mirror.to_owned(),
    })
}

/// The address of pip's index, which is PyPI unless the user's environment says
/// otherwise.
pub fn package_index_url() -> String {
    let url = env::var("PIP_INDEX_URL").ok().filter(|url| !url.is_empty());
    let url = url.unwrap_or_else(|| "https://pypi.org/simple".to_owned());
    url.trim_end_matches('/').to_owned()
}
