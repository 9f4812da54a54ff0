use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::args::ImageOptions;
use super::config::ConfigPlace;
use super::error::CliError;
use crate::plan::{BuildEnvironment, Dockerfiles};
use crate::runtime::docker::{self, Docker};
use crate::source::PackageIndex;
use crate::store::State;

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

/// The state and cache folders.
pub struct Folders {
    pub state: State,
    pub cache: PathBuf,
}

impl Folders {
    /// The XDG folders, or those the user names.
    pub fn find() -> Result<Self, CliError> {
        let base = etcetera::choose_base_strategy()
            .map_err(|_| CliError::Usage("no home folder: set HOME".to_owned()))?;
        let named = |variable: &str| {
            env::var_os(variable)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        };
        let state = named("DJBUILD_STATE_DIR").unwrap_or_else(|| {
            let state = base.state_dir().unwrap_or_else(|| base.data_dir());
            state.join("djbuild")
        });
        let cache = named("DJBUILD_CACHE_DIR").unwrap_or_else(|| base.cache_dir().join("djbuild"));
        Ok(Self {
            state: State::new(state),
            cache,
        })
    }
}

/// The first engine that answers.
pub async fn engine() -> Result<Docker, CliError> {
    Ok(docker::find().await?)
}

/// The variables that name a CA bundle here, and the files they name.
pub fn ca_variables() -> Vec<(&'static str, PathBuf)> {
    CA_VARIABLES
        .into_iter()
        .filter_map(|name| Some((name, env::var_os(name)?)))
        .filter(|(_, path)| !path.is_empty())
        .map(|(name, path)| (name, PathBuf::from(path)))
        .collect()
}

/// The configuration file: the one that `DJBUILD_CONFIG` names, else the user's.
pub fn config_file() -> Option<ConfigPlace> {
    if let Some(named) = env::var_os("DJBUILD_CONFIG").filter(|path| !path.is_empty()) {
        return Some(ConfigPlace::Named(named.into()));
    }
    let base = etcetera::choose_base_strategy().ok()?;
    let usual = base.config_dir().join("djbuild/config.toml");
    Some(ConfigPlace::Usual(usual))
}

/// What builds get from this host.
pub fn build_environment(options: &ImageOptions) -> Result<BuildEnvironment, CliError> {
    let ca_bundle = ca_variables()
        .into_iter()
        .map(|(_, path)| path)
        .find(|path| path.is_file());
    let ca_bundle = match ca_bundle {
        Some(path) => std::fs::read(&path).map_err(CliError::read(path))?,
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
        debian_mirror: options.debian_mirror.clone(),
    })
}

/// The Dockerfiles, with the user's own in place of djbuild's.
pub fn dockerfiles(options: &ImageOptions) -> Result<Dockerfiles, CliError> {
    let mut files = Dockerfiles::embedded();
    if let Some(folder) = &options.dockerfiles {
        overlay(folder, "", &mut files)?;
    }
    Ok(files)
}

fn overlay(folder: &Path, prefix: &str, files: &mut Dockerfiles) -> Result<(), CliError> {
    let failed = || CliError::read(folder);
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}/{name}")
        };
        if entry.path().is_dir() {
            overlay(&entry.path(), &path, files)?;
        } else {
            files.replace(&path, std::fs::read(entry.path()).map_err(failed())?);
        }
    }
    Ok(())
}

/// pip's index, which is PyPI unless the user's environment says otherwise.
pub fn package_index() -> PackageIndex {
    PackageIndex::new(&package_index_url())
}

/// Its address.
pub fn package_index_url() -> String {
    let url = env::var("PIP_INDEX_URL").ok().filter(|url| !url.is_empty());
    let url = url.unwrap_or_else(|| "https://pypi.org/simple".to_owned());
    url.trim_end_matches('/').to_owned()
}
