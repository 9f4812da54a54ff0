use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{Direction, FetchOptions, Oid, Repository};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::credentials::{callbacks, proxy};
use super::heads::Heads;
use super::lock::hold;
use super::refs::{Found, Ref, choose};
use super::submodule::Submodules;
use super::wanted::Wanted;
use super::{Candidate, OnTransfer, SourceError, Transfer};
use crate::model::hex;

/// A bare copy of a git URL in the cache, with only the revisions asked for.
#[derive(Debug, Clone)]
pub struct Mirror {
    url: String,
    folder: PathBuf,
}

/// What a mirror has of what was asked for.
#[derive(Debug)]
pub struct Mirrored {
    /// The revisions, branches first, sorted by name.
    pub candidates: Vec<Candidate>,
    /// Where the remote could not be reached: how old the oldest of them is, and
    /// why.
    pub stale: Option<(Duration, SourceError)>,
}

/// Whether the remote is asked at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// It is, and what is cached is a way out.
    #[default]
    Online,
    /// Only what is cached counts.
    Offline,
}

impl Mirror {
    /// The mirror of `url` below `cache`; nothing is fetched yet.
    pub fn new(url: &str, cache: &Path) -> Self {
        let digest = Sha256::digest(url.as_bytes());
        let name = hex(&digest[..8]);
        Self {
            url: url.to_owned(),
            folder: cache.join(format!("{name}.git")),
        }
    }

    /// The revisions that are wanted, fetched as far as they are not here. Where
    /// the remote cannot be reached, those fetched earlier.
    ///
    /// # Errors
    /// When the remote cannot be reached and nothing is cached, when it has no such
    /// revision, or when the cache cannot be written.
    pub fn find(
        &self,
        wanted: &Wanted<'_>,
        reach: Reach,
        on_transfer: &OnTransfer<'_>,
    ) -> Result<Mirrored, SourceError> {
        let listed = match reach {
            Reach::Online => self.list(),
            Reach::Offline => Err(self.git("not asked, for --offline was given")),
        };
        match listed {
            Ok(refs) => {
                let found = choose(&refs, wanted, &without_password(&self.url))?;
                if let Err(error) = self.fetch(&found, on_transfer) {
                    return self.stale(wanted, error);
                }
                Ok(Mirrored {
                    candidates: self.candidates(&found, reach)?,
                    stale: None,
                })
            }
            Err(error) => self.stale(wanted, error),
        }
    }

    /// The remote's refs and where they point.
    fn list(&self) -> Result<Vec<Ref>, SourceError> {
        let git = || SourceError::git(without_password(&self.url));
        let mut remote = git2::Remote::create_detached(self.url.as_str()).map_err(git())?;
        let connection = remote
            .connect_auth(Direction::Fetch, Some(callbacks()), Some(proxy()))
            .map_err(|error| self.refused(&error))?;
        let heads = connection.list().map_err(git())?;
        Ok(heads
            .iter()
            .map(|head| (head.name().to_owned(), head.oid().to_string()))
            .collect())
    }

    /// Fetches what is not here. Runs at the same time wait for one another.
    fn fetch(&self, found: &[Found], on_transfer: &OnTransfer<'_>) -> Result<(), SourceError> {
        let git = || SourceError::git(without_password(&self.url));
        let parent = self.folder.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(parent).map_err(SourceError::io(parent))?;
        let _lock = hold(&self.folder.with_extension("lock"))?;

        // Made, or mended if whoever made it was interrupted; else left as it is.
        let repository = Repository::init_bare(&self.folder).map_err(git())?;
        let refspecs: Vec<String> = found
            .iter()
            .filter(|found| {
                !Oid::from_str(&found.commit)
                    .is_ok_and(|id| repository.find_object(id, None).is_ok())
            })
            .map(|found| format!("+{}:{}", found.reference, kept_as(&found.reference)))
            .collect();
        if !refspecs.is_empty() {
            let fetch = |depth| self.fetch_refs(&repository, &refspecs, depth, on_transfer);
            // One commit of Django is a tenth of its history. Not every server or
            // transport can give so little.
            let fetched = match fetch(i32::from(!self.is_local())) {
                Err(error) if error.message().contains("shallow") => fetch(0),
                fetched => fetched,
            };
            fetched.map_err(git())?;
        }
        let mut heads = Heads::read(&self.heads_file());
        for found in found {
            heads.note(&found.reference, &found.commit);
        }
        // Costs an offline run, and no more.
        let _ = heads.write(&self.heads_file());
        Ok(())
    }

    fn fetch_refs(
        &self,
        repository: &Repository,
        refspecs: &[String],
        depth: i32,
        on_transfer: &OnTransfer<'_>,
    ) -> Result<(), git2::Error> {
        let mut options = FetchOptions::new();
        options.download_tags(git2::AutotagOption::None);
        options.proxy_options(proxy());
        if depth > 0 {
            options.depth(depth);
        }
        let mut callbacks = callbacks();
        callbacks.transfer_progress(|progress| {
            on_transfer(&Transfer {
                what: without_password(&self.url),
                done: progress.received_objects() as u64,
                total: Some(progress.total_objects() as u64),
                unit: "objects",
            });
            true
        });
        options.remote_callbacks(callbacks);
        let mut remote = repository.remote_anonymous(self.url.as_str())?;
        remote.fetch(refspecs, Some(&mut options), None)
    }

    fn candidates(&self, found: &[Found], reach: Reach) -> Result<Vec<Candidate>, SourceError> {
        let git = || SourceError::git(without_password(&self.url));
        let repository = Repository::open_bare(&self.folder).map_err(git())?;
        found
            .iter()
            .map(|found| {
                let id = Oid::from_str(&found.commit).map_err(git())?;
                let commit = repository
                    .find_object(id, None)
                    .and_then(|object| object.peel_to_commit())
                    .map_err(git())?;
                let submodules = Submodules::mirrored(&self.url, self.folder.parent(), reach);
                let (url, name) = (without_password(&self.url), found.name.as_str());
                Ok(Candidate::commit(
                    &url,
                    name,
                    &repository,
                    commit.id(),
                    submodules,
                ))
            })
            .collect()
    }

    /// What was fetched earlier, where that will do.
    fn stale(&self, wanted: &Wanted<'_>, error: SourceError) -> Result<Mirrored, SourceError> {
        let heads = Heads::read(&self.heads_file());
        let refs: Vec<_> = heads
            .commits
            .iter()
            .map(|(name, commit)| (name.clone(), commit.clone()))
            .collect();
        let Ok(found) = choose(&refs, wanted, &without_password(&self.url)) else {
            return Err(error);
        };
        let Ok(candidates) = self.candidates(&found, Reach::Offline) else {
            return Err(error);
        };
        let age = found.iter().map(|found| heads.age(&found.reference)).max();
        Ok(Mirrored {
            candidates,
            stale: Some((age.unwrap_or_default(), error)),
        })
    }

    fn heads_file(&self) -> PathBuf {
        self.folder.with_extension("json")
    }

    /// libgit2 reads local repositories without a server, which alone knows depth.
    fn is_local(&self) -> bool {
        self.url.starts_with("file://") || !self.url.contains([':', '@'])
    }

    /// Why the remote could not be reached, and what to do where that is known.
    fn refused(&self, error: &git2::Error) -> SourceError {
        let mut message = error.message().to_owned();
        if error.code() == git2::ErrorCode::Certificate && error.class() == git2::ErrorClass::Ssh {
            message.push_str(
                ": connect once with ssh, so that the host's key gets into ~/.ssh/known_hosts",
            );
        }
        self.git(&message)
    }

    fn git(&self, message: &str) -> SourceError {
        SourceError::Git {
            place: without_password(&self.url),
            message: message.to_owned(),
        }
    }
}

/// The URL for everybody who is not its server.
fn without_password(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            // Those of a URL that has a host, as one with a password has.
            let _ = parsed.set_password(None);
            if parsed.scheme() != "ssh" {
                let _ = parsed.set_username("");
            }
            parsed.to_string()
        }
        _ => url.to_owned(),
    }
}

/// The mirror's own name for a ref. Not the ref's: a `fix` that was replaced by a
/// `fix/a` would be in its way.
fn kept_as(reference: &str) -> String {
    let digest = Sha256::digest(reference.as_bytes());
    format!("refs/djbuild/{}", hex(&digest[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_for_its_server_alone() {
        let shown = without_password("https://me:secret@example.org/d.git");
        assert_eq!(shown, "https://example.org/d.git");
        for url in [
            "git@example.org:d.git",
            "ssh://me@example.org/d",
            "/srv/d.git",
        ] {
            assert_eq!(without_password(url), url);
        }
    }
}
