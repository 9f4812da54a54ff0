use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bare::Bare;
use super::candidate::Candidate;
use super::error::SourceError;
use super::reach::Reach;
use super::remote::NamedBy;
use super::submodule::Submodules;
use super::transfer::OnTransfer;
use super::wanted::Wanted;
use crate::model::redacted;

/// A bare copy of a git URL in the cache, with only the revisions asked for.
#[derive(Debug, Clone)]
pub struct Mirror {
    url: String,
    cache: PathBuf,
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

impl Mirror {
    /// The mirror of `url` below `cache`; nothing is fetched yet.
    pub fn new(url: &str, cache: &Path) -> Self {
        Self {
            url: url.to_owned(),
            cache: cache.to_owned(),
        }
    }

    /// The revisions that are wanted, fetched by the user's own git as far as they are
    /// not here. Where the remote cannot be reached, those fetched earlier; a remote
    /// that answers and refuses is an error, as is a disk that is full.
    ///
    /// A server may say nothing for 60 s when it is asked what it has, and for 120 s
    /// while it sends. Faults of the network are tried twice more, for some seconds.
    ///
    /// # Errors
    /// When the remote cannot be reached and nothing is cached, when it refuses or has
    /// no such revision, or when the cache cannot be written.
    pub fn find(
        &self,
        wanted: &Wanted<'_>,
        reach: Reach,
        on_transfer: &OnTransfer<'_>,
    ) -> Result<Mirrored, SourceError> {
        let bare = Bare::new(&self.url, &self.cache, NamedBy::User);
        let fetched = bare.find(wanted, reach, on_transfer)?;
        // Nothing of the remote's is asked for where it could not be asked for this.
        let reach = match fetched.stale {
            Some(_) => Reach::Offline,
            None => reach,
        };
        let submodules = Submodules::Mirrored {
            url: self.url.clone(),
            cache: self.cache.clone(),
            reach,
        };
        let source = redacted(&self.url);
        let candidate = |(name, id): &(String, git2::Oid)| {
            let objects = fetched.objects.clone();
            Candidate::commit((&source, name), objects, *id, submodules.clone())
        };
        Ok(Mirrored {
            candidates: fetched.commits.iter().map(candidate).collect(),
            stale: fetched.stale,
        })
    }
}
