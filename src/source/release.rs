use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::snapshot::list_files;
use super::{OnTransfer, Snapshot, SourceError, Transfer};
use crate::model::{Revision, Version, hex};

/// A package index that speaks the Simple API as JSON (PEP 691).
#[derive(Debug, Clone)]
pub struct PackageIndex {
    url: String,
    agent: ureq::Agent,
}

#[derive(Debug, Deserialize)]
struct Project {
    files: Vec<ProjectFile>,
}

#[derive(Debug, Clone, Deserialize)]
struct ProjectFile {
    filename: String,
    url: String,
    hashes: Hashes,
    #[serde(default)]
    yanked: serde_json::Value,
}

#[derive(Debug, Clone, Deserialize)]
struct Hashes {
    sha256: Option<String>,
}

impl PackageIndex {
    /// The index at this address: pip's `index-url`, such as `https://pypi.org/simple`.
    pub fn new(url: &str) -> Self {
        // The system's trust, not a list of its own: hosts behind a proxy that
        // intercepts TLS have their CA there.
        let tls = ureq::tls::TlsConfig::builder()
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .user_agent(concat!("djbuild/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(30)))
            .build()
            .new_agent();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            agent,
        }
    }

    /// The source distribution of Django at this version, or of the newest
    /// release that is neither a pre-release nor withdrawn.
    fn find(&self, version: Option<&str>) -> Result<(String, ProjectFile), SourceError> {
        let page = format!("{}/django/", self.url);
        let failed = |message: String| SourceError::Index {
            url: page.clone(),
            message,
        };
        let project: Project = self
            .agent
            .get(&page)
            .header("Accept", "application/vnd.pypi.simple.v1+json")
            .call()
            .map_err(|error| failed(error.to_string()))?
            .body_mut()
            .with_config()
            .limit(64 << 20)
            .read_json()
            .map_err(|error| failed(format!("no list of files as JSON (PEP 691): {error}")))?;
        let sdists = project.files.into_iter().filter_map(|file| {
            let lower = file.filename.to_ascii_lowercase();
            let version = lower.strip_prefix("django-")?.strip_suffix(".tar.gz")?;
            Some((version.to_owned(), file))
        });
        match version {
            Some(wanted) => sdists
                .into_iter()
                .find(|(version, _)| version == &wanted.to_ascii_lowercase())
                .ok_or_else(|| {
                    SourceError::NoRelease(format!(
                        "there is no source of Django {wanted} on {}",
                        self.url
                    ))
                }),
            None => sdists
                .filter(|(_, file)| {
                    matches!(
                        file.yanked,
                        serde_json::Value::Bool(false) | serde_json::Value::Null
                    )
                })
                .filter_map(|(text, file)| Some((text.parse::<Version>().ok()?, text, file)))
                .max_by(|a, b| a.0.cmp(&b.0))
                .map(|(_, text, file)| (text, file))
                .ok_or_else(|| {
                    SourceError::NoRelease(format!("there is no Django on {}", self.url))
                }),
        }
    }

    fn download(
        &self,
        file: &ProjectFile,
        into: &mut impl Write,
        on_transfer: &OnTransfer<'_>,
    ) -> Result<(), SourceError> {
        let page = format!("{}/django/", self.url);
        let failed = |message: String| SourceError::Index {
            url: file.url.clone(),
            message,
        };
        // Mirrors give addresses relative to the page that lists them.
        let url = url::Url::parse(&page)
            .and_then(|base| base.join(&file.url))
            .map_err(|error| failed(error.to_string()))?;
        let mut response = self
            .agent
            .get(url.as_str())
            .call()
            .map_err(|error| failed(error.to_string()))?;
        let total = response.body().content_length();
        let mut body = response.body_mut().as_reader();
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        let mut done = 0;
        loop {
            on_transfer(&Transfer {
                what: file.filename.clone(),
                done,
                total,
                unit: "bytes",
            });
            let count = body
                .read(&mut buffer)
                .map_err(|error| failed(error.to_string()))?;
            if count == 0 {
                break;
            }
            done += count as u64;
            digest.update(&buffer[..count]);
            into.write_all(&buffer[..count])
                .map_err(|error| failed(error.to_string()))?;
        }
        let found = hex(&digest.finalize());
        match &file.hashes.sha256 {
            Some(expected) if *expected == found => Ok(()),
            expected => Err(SourceError::Checksum {
                file: file.filename.clone(),
                expected: expected.clone().unwrap_or_else(|| "nothing".to_owned()),
                found,
            }),
        }
    }
}

/// A release of Django, unpacked below `cache` the first time it is asked for.
/// `None` asks the index for the newest.
///
/// # Errors
/// When the index cannot be reached, has no such release, or sends a file whose
/// SHA-256 is not the one it promised.
pub fn snapshot_release(
    index: &PackageIndex,
    version: Option<&str>,
    cache: &Path,
    on_transfer: &OnTransfer<'_>,
) -> Result<Snapshot, SourceError> {
    let folder = |version: &str| cache.join(format!("django-{version}"));
    let version = match version {
        Some(version) if folder(version).is_dir() => version.to_owned(),
        _ => {
            let (version, file) = index.find(version)?;
            if !folder(&version).is_dir() {
                unpack(index, &file, cache, &folder(&version), on_transfer)?;
            }
            version
        }
    };
    let root = folder(&version);
    let mut paths = Vec::new();
    walk(&root, &[], &mut paths)?;
    let manifest = list_files(&root, &paths)?;
    let revision = Revision {
        source: format!("pypi:Django=={version}"),
        branch: version,
        commit: None,
        modified: 0,
        snapshot: manifest.id(),
    };
    Ok(Snapshot::of_folder(revision, manifest, root))
}

/// Downloads and unpacks beside the target and moves it there when it is whole:
/// an interrupted download leaves nothing that looks like a release.
fn unpack(
    index: &PackageIndex,
    file: &ProjectFile,
    cache: &Path,
    target: &Path,
    on_transfer: &OnTransfer<'_>,
) -> Result<(), SourceError> {
    std::fs::create_dir_all(cache).map_err(SourceError::io(cache))?;
    let mut archive = tempfile::tempfile_in(cache).map_err(SourceError::io(cache))?;
    index.download(file, &mut archive, on_transfer)?;
    std::io::Seek::rewind(&mut archive).map_err(SourceError::io(cache))?;
    let staging = tempfile::tempdir_in(cache).map_err(SourceError::io(cache))?;
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    tar.set_preserve_permissions(true);
    tar.set_preserve_mtime(false);
    tar.unpack(staging.path())
        .map_err(SourceError::io(staging.path()))?;
    let top = std::fs::read_dir(staging.path())
        .map_err(SourceError::io(staging.path()))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.join("tests/runtests.py").is_file())
        .ok_or_else(|| SourceError::NotDjango {
            place: file.filename.clone(),
            missing: "tests/runtests.py",
        })?;
    match std::fs::rename(&top, target) {
        Ok(()) => Ok(()),
        // Another djbuild was quicker; its copy is verified like ours.
        Err(_) if target.is_dir() => Ok(()),
        Err(error) => Err(SourceError::io(target)(error)),
    }
}

fn walk(folder: &Path, prefix: &[u8], paths: &mut Vec<Vec<u8>>) -> Result<(), SourceError> {
    use std::os::unix::ffi::OsStrExt;
    for entry in std::fs::read_dir(folder).map_err(SourceError::io(folder))? {
        let entry = entry.map_err(SourceError::io(folder))?;
        let mut path = prefix.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(entry.file_name().as_bytes());
        let kind = entry.file_type().map_err(SourceError::io(folder))?;
        if kind.is_dir() {
            let folder: PathBuf = entry.path();
            walk(&folder, &path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
