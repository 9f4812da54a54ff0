use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::error::SourceError;
use super::transfer::{OnTransfer, Transfer};
use super::web::{again, agent, failed};
use crate::model::redacted;
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
        let project = again(|| self.list(&page))?;
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
                        redacted(&self.url)
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
                    let index = redacted(&self.url);
                    SourceError::NoRelease(format!("there is no Django on {index}"))
                }),
        }
    }

    fn list(&self, page: &str) -> Result<Project, SourceError> {
        let mut response = self
            .agent
            .get(page)
            .header("Accept", "application/vnd.pypi.simple.v1+json")
            .call()
            .map_err(|error| failed(page, &error))?;
        let body = response.body_mut().with_config().limit(64 << 20);
        body.read_json().map_err(|error| match error {
            ureq::Error::Json(error) => SourceError::Index {
                url: redacted(page),
                message: format!("no list of files as JSON (PEP 691): {error}"),
            },
            error => failed(page, &error),
        })
    }

    /// Downloads a file into one of ours in `folder`, from its beginning for every
    /// try.
    pub(super) fn download(
        &self,
        file: &ProjectFile,
        folder: &Path,
        on_transfer: &OnTransfer<'_>,
    ) -> Result<File, SourceError> {
        let url = self.address_of(file)?;
        let mut into = tempfile::tempfile_in(folder).map_err(SourceError::io(folder))?;
        let found = again(|| {
            into.rewind()
                .and_then(|()| into.set_len(0))
                .map_err(SourceError::io(folder))?;
            self.transfer(&url, &file.filename, (&mut into, folder), on_transfer)
        })?;
        into.rewind().map_err(SourceError::io(folder))?;
        match &file.hashes.sha256 {
            Some(expected) if *expected == found => Ok(into),
            expected => Err(SourceError::Checksum {
                file: file.filename.clone(),
                expected: expected.clone().unwrap_or_else(|| "nothing".to_owned()),
                found,
            }),
        }
    }

    /// Writes what comes, and returns its SHA-256.
    fn transfer(
        &self,
        url: &str,
        name: &str,
        (into, folder): (&mut File, &Path),
        on_transfer: &OnTransfer<'_>,
    ) -> Result<String, SourceError> {
        let response = self.agent.get(url).call();
        let mut response = response.map_err(|error| failed(url, &error))?;
        let total = response.body().content_length();
        let mut body = response.body_mut().as_reader();
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        let mut done = 0;
        loop {
            on_transfer(&Transfer {
                what: name.to_owned(),
                done,
                total,
                unit: "bytes",
            });
            let count = body
                .read(&mut buffer)
                .map_err(|error| failed(url, &ureq::Error::Io(error)))?;
            if count == 0 {
                return Ok(hex(&digest.finalize()));
            }
            done += count as u64;
            digest.update(&buffer[..count]);
            into.write_all(&buffer[..count])
                .map_err(SourceError::io(folder))?;
        }
    }

    /// The address of a file: mirrors give them relative to the page that lists them.
    /// The password of the page is that of its server's files too, as pip has it.
    fn address_of(&self, file: &ProjectFile) -> Result<String, SourceError> {
        let failed = |error: url::ParseError| SourceError::Index {
            url: redacted(&file.url),
            message: error.to_string(),
        };
        let page = url::Url::parse(&format!("{}/django/", self.url)).map_err(failed)?;
        let mut url = page.join(&file.url).map_err(failed)?;
        if url.origin() == page.origin() && url.username().is_empty() {
            // Of a URL with a host, as one with an origin in common has.
            let _ = url.set_username(page.username());
            let _ = url.set_password(page.password());
        }
        Ok(url.into())
    }
}
