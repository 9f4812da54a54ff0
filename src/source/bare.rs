use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use git2::Oid;
use sha2::{Digest, Sha256};

use super::address::Address;
use super::error::SourceError;
use super::git::Git;
use super::heads::Heads;
use super::lock::hold;
use super::maintenance::{drop_half_packs, maintain, unlock};
use super::mirror_refs::kept_as;
use super::objects::{ObjectStore, Objects, objects_of};
use super::reach::Reach;
use super::refs::{Found, Ref, choose};
use super::remote::{Depth, Kind, NamedBy, Remote};
use super::skeleton;
use super::transfer::OnTransfer;
use super::wanted::Wanted;
use crate::model::hex;
use crate::model::redacted;

/// A bare repository in the cache, with what was fetched of a remote.
#[derive(Debug, Clone)]
pub struct Bare {
    remote: Remote,
    /// The URL, for people.
    place: String,
    folder: PathBuf,
}

/// What it has of what was asked for.
#[derive(Debug)]
pub struct Fetched {
    /// Where the objects are.
    pub objects: ObjectStore,
    /// The names of the revisions, and the commit of each.
    pub commits: Vec<(String, Oid)>,
    /// Where the remote could not be reached: how old the oldest of them is, and why.
    pub stale: Option<(Duration, SourceError)>,
}

impl Bare {
    /// That of a URL, below `cache`; nothing is made yet. The same whatever password
    /// the URL has in it: those of CI are new for every job.
    pub fn new(url: &str, cache: &Path, named_by: NamedBy) -> Self {
        let digest = Sha256::digest(Address::new(url).url.as_bytes());
        let name = hex(&digest[..8]);
        Self {
            remote: Remote::new(url, named_by),
            place: redacted(url),
            folder: cache.join(format!("{name}.git")),
        }
    }

    /// The revisions that are wanted, fetched as far as they are not here. Where the
    /// remote cannot be reached, those fetched earlier.
    pub fn find(
        &self,
        wanted: &Wanted<'_>,
        reach: Reach,
        on_transfer: &OnTransfer<'_>,
    ) -> Result<Fetched, SourceError> {
        let asked = match reach {
            Reach::Online => self.ask(wanted, on_transfer),
            Reach::Offline => Err(SourceError::Unreachable {
                place: self.place.clone(),
                message: "not asked, for --offline was given".to_owned(),
            }),
        };
        match asked {
            Ok(found) => self.fetched(&found),
            Err(error) if error.is_unreachable() => self.stale(wanted, error),
            Err(error) => Err(error),
        }
    }

    /// Asks the remote where its refs are, and fetches what moved. Runs at the same
    /// time wait for one another while they fetch, not while they ask.
    fn ask(
        &self,
        wanted: &Wanted<'_>,
        on_transfer: &OnTransfer<'_>,
    ) -> Result<Vec<Found>, SourceError> {
        self.prepare()?;
        if let Some(found) = self.kept_commits(wanted) {
            return Ok(found);
        }
        let mut refs = self.remote.list(Kind::Heads, &self.folder)?;
        if wanted.may_be_a_tag(&refs) {
            refs.extend(self.remote.list(Kind::Tags, &self.folder)?);
        }
        let _lock = self.lock()?;
        unlock(&self.folder);
        for reference in wanted.unlisted(&refs) {
            refs.extend(self.fetch_unlisted(&reference, on_transfer)?);
        }
        let found = choose(&refs, wanted, &self.place)?;
        let mut heads = Heads::read(&self.heads_file());
        let objects = self.objects().open()?;
        let refspecs: Vec<String> = found
            .iter()
            .filter(|found| !is_kept(found, &heads, &objects))
            .map(|found| {
                // What is not UTF-8 cannot be named here, so its commit is asked for.
                let is_whole = !found.reference.contains(char::REPLACEMENT_CHARACTER);
                let source = if is_whole {
                    &found.reference
                } else {
                    &found.commit
                };
                refspec(source, &found.reference)
            })
            .collect();
        if !refspecs.is_empty() {
            let fetched = self
                .remote
                .fetch(&refspecs, Depth::Tip, &self.folder, on_transfer);
            if fetched.is_err() {
                drop_half_packs(&self.folder);
            }
            fetched?;
        }
        for found in &found {
            heads.note(&found.reference, &found.commit);
        }
        // Losing it costs an offline run and another fetch, and no more.
        let _ = heads.write(&self.heads_file());
        maintain(&self.folder);
        Ok(found)
    }

    /// What is wanted, where that is commits that are here: they never move.
    fn kept_commits(&self, wanted: &Wanted<'_>) -> Option<Vec<Found>> {
        if !wanted.is_commits() {
            return None;
        }
        let found = choose(&[], wanted, &self.place).ok()?;
        let heads = Heads::read(&self.heads_file());
        let objects = self.objects().open().ok()?;
        let is_here = |found: &Found| is_kept(found, &heads, &objects);
        found.iter().all(is_here).then_some(found)
    }

    /// Fetches a ref that is in no listing of branches and tags, if it is there.
    fn fetch_unlisted(
        &self,
        reference: &str,
        on_transfer: &OnTransfer<'_>,
    ) -> Result<Option<Ref>, SourceError> {
        let refspecs = [refspec(reference, reference)];
        let fetched = self
            .remote
            .fetch(&refspecs, Depth::Tip, &self.folder, on_transfer);
        match fetched {
            Err(SourceError::NoRevision(_)) => return Ok(None),
            fetched => fetched?,
        }
        let ask = Git::within(&self.folder).args(["rev-parse", "--verify", "--quiet"]);
        let commit = ask.args([kept_as(reference)]).read()?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        Ok(Some((reference.to_owned(), commit)))
    }

    /// What was fetched earlier, where that will do.
    fn stale(&self, wanted: &Wanted<'_>, error: SourceError) -> Result<Fetched, SourceError> {
        let heads = Heads::read(&self.heads_file());
        let refs: Vec<Ref> = heads
            .commits
            .iter()
            .map(|(name, commit)| (name.clone(), commit.clone()))
            .collect();
        let Ok(found) = choose(&refs, wanted, &self.place) else {
            return Err(error);
        };
        let Ok(mut fetched) = self.fetched(&found) else {
            return Err(error);
        };
        let ages = found.iter().map(|found| heads.age(&found.reference));
        fetched.stale = Some((ages.max().unwrap_or_default(), error));
        // It was used just now, which keeps it from being cleared away.
        let _ = std::fs::File::options()
            .append(true)
            .open(self.heads_file())
            .and_then(|file| file.set_modified(SystemTime::now()));
        Ok(fetched)
    }

    fn fetched(&self, found: &[Found]) -> Result<Fetched, SourceError> {
        let store = self.objects();
        let objects = store.open()?;
        let commits = found
            .iter()
            .map(|found| {
                let id = Oid::from_str(&found.commit).map_err(SourceError::git(&self.place))?;
                Ok((found.name.clone(), objects.commit(id)?))
            })
            .collect::<Result<_, SourceError>>()?;
        Ok(Fetched {
            objects: store,
            commits,
            stale: None,
        })
    }

    /// Makes the repository where it is not there, or not as it should be.
    fn prepare(&self) -> Result<(), SourceError> {
        if skeleton::is_made(&self.folder) {
            return Ok(());
        }
        let parent = self.folder.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(parent).map_err(SourceError::io(parent))?;
        let _lock = self.lock()?;
        skeleton::make(&self.folder)
    }

    fn lock(&self) -> Result<std::fs::File, SourceError> {
        hold(&self.folder.with_extension("lock"))
    }

    fn objects(&self) -> ObjectStore {
        ObjectStore::new(objects_of(&self.folder), None)
    }

    fn heads_file(&self) -> PathBuf {
        self.folder.with_extension("json")
    }
}

/// Whether a revision was fetched to its end: of one that was not there may be a
/// commit without its files.
fn is_kept(found: &Found, heads: &Heads, objects: &Objects) -> bool {
    heads.commits.get(&found.reference) == Some(&found.commit)
        && Oid::from_str(&found.commit).is_ok_and(|id| objects.has(id))
}

fn refspec(source: &str, reference: &str) -> String {
    format!("+{source}:{}", kept_as(reference))
}
