use std::io::{Read, Write};
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::web::agent;
use super::{OnTransfer, SourceError, Transfer};
use crate::model::{Version, hex};

/// How long the index may take to answer at all.
const TIMEOUT: Duration = Duration::from_secs(30);

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
pub struct ProjectFile {
    pub filename: String,
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
        Self {
            url: url.trim_end_matches('/').to_owned(),
            agent: agent(TIMEOUT),
        }
    }

    /// The source distribution of Django at this version, or of the newest
    /// release that is neither a pre-release nor withdrawn.
    pub(super) fn find(&self, version: Option<&str>) -> Result<(String, ProjectFile), SourceError> {
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

    pub(super) fn download(
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
