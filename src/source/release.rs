use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use git2::{Commit, IndexEntry, IndexTime, Repository, Signature, Time};

use super::candidate::Candidate;
use super::error::SourceError;
use super::heads::Heads;
use super::index::{PackageIndex, ProjectFile};
use super::lock::{hold, hold_if_free};
use super::objects::{ObjectStore, objects_of};
use super::reach::Reach;
use super::submodule::Submodules;
use super::transfer::OnTransfer;
use crate::model::Version;

const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// A release, and what there was instead of a word from the index.
#[derive(Debug)]
pub struct Released {
    /// The release.
    pub candidate: Candidate,
    /// Where the newest was asked for and the index could not be: why not. Then it
    /// is the newest that is kept.
    pub stale: Option<SourceError>,
}

/// A release of Django, kept in a git repository in `cache` from the first time
/// it is asked for: releases have most of their files in common. `None` asks the
/// index for the newest.
///
/// # Errors
/// When the index cannot be reached and nothing is kept, has no such release, or
/// sends a file whose SHA-256 is not the one it promised.
pub fn find_release(
    index: &PackageIndex,
    version: Option<&str>,
    cache: &Path,
    reach: Reach,
    on_transfer: &OnTransfer<'_>,
) -> Result<Released, SourceError> {
    std::fs::create_dir_all(cache).map_err(SourceError::io(cache))?;
    let shelf = ReleaseShelf::open(cache)?;
    let kept = |version: &str, commit: &Commit<'_>| {
        note_use(cache, version, commit);
        Released {
            candidate: shelf.candidate(version, commit),
            stale: None,
        }
    };
    if let Some(version) = version
        && let Some(commit) = shelf.find(version)
    {
        return Ok(kept(version, &commit));
    }
    let listed = match reach {
        Reach::Online => index.find(version),
        Reach::Offline => Err(SourceError::Unreachable {
            place: version.map_or_else(
                || "pypi:Django".to_owned(),
                |version| format!("pypi:Django=={version}"),
            ),
            message: "it is not kept here, and --offline was given".to_owned(),
        }),
    };
    let (version, file) = match (listed, version) {
        (Ok(found), _) => found,
        (Err(error @ SourceError::Unreachable { .. }), None) => {
            let Some((version, commit)) = shelf.newest() else {
                return Err(error);
            };
            return Ok(Released {
                stale: Some(error),
                ..kept(&version, &commit)
            });
        }
        (Err(error), _) => return Err(error),
    };
    if let Some(commit) = shelf.find(&version) {
        return Ok(kept(&version, &commit));
    }
    // Of two first runs at once, the second finds what the first has fetched.
    let held = lock(cache)?;
    let commit = match shelf.find(&version) {
        Some(commit) => commit,
        None => shelf.add(index, &version, &file, cache, on_transfer)?,
    };
    drop(held);
    Ok(kept(&version, &commit))
}

/// Notes that a release is used, which keeps it from being cleared away: once a day
/// will do. Losing that costs another download.
fn note_use(cache: &Path, version: &str, commit: &Commit<'_>) {
    let notes = cache.join("releases.json");
    if Heads::read(&notes).age(version) < A_DAY {
        return;
    }
    if let Some(_lock) = hold_if_free(&cache.join("releases.lock")) {
        let mut heads = Heads::read(&notes);
        heads.note(version, &commit.id().to_string());
        let _ = heads.write(&notes);
    }
}

/// Held by whoever adds a release, and by whoever makes the place for them.
fn lock(cache: &Path) -> Result<File, SourceError> {
    hold(&cache.join("releases.lock"))
}

/// The repository that keeps releases, each under a name of its own.
struct ReleaseShelf(Repository);

impl ReleaseShelf {
    fn open(cache: &Path) -> Result<Self, SourceError> {
        let folder = cache.join("releases.git");
        if let Ok(repository) = Repository::open_bare(&folder) {
            return Ok(Self(repository));
        }
        // Made, or mended if whoever made it was interrupted.
        let _lock = lock(cache)?;
        Repository::init_bare(&folder)
            .map(Self)
            .map_err(SourceError::git(folder.display().to_string()))
    }

    fn git(&self) -> impl FnOnce(git2::Error) -> SourceError {
        SourceError::git(self.0.path().display().to_string())
    }

    fn find(&self, version: &str) -> Option<Commit<'_>> {
        self.0
            .find_reference(&name(version))
            .and_then(|reference| reference.peel_to_commit())
            .ok()
    }

    /// The newest release that is kept.
    fn newest(&self) -> Option<(String, Commit<'_>)> {
        let names = self.0.references_glob(&name("*")).ok()?;
        let mut versions: Vec<Version> = Vec::new();
        for reference in names {
            let reference = reference.ok()?;
            let version = reference.name().ok()?.strip_prefix(&name(""))?;
            versions.extend(version.parse::<Version>());
        }
        let newest = versions.into_iter().max()?.to_string();
        let commit = self.find(&newest)?;
        Some((newest, commit))
    }

    fn candidate(&self, version: &str, commit: &Commit<'_>) -> Candidate {
        let source = format!("pypi:Django=={version}");
        let git_dir = self.0.path();
        let objects = ObjectStore::new(objects_of(git_dir), None);
        let submodules = Submodules::Local(git_dir.to_owned());
        let mut candidate = Candidate::commit((&source, version), objects, commit.id(), submodules);
        // The commit is this cache's own, and nobody else's.
        candidate.commit = None;
        candidate
    }

    /// Downloads a release and keeps it. It gets its name when it is whole.
    fn add(
        &self,
        index: &PackageIndex,
        version: &str,
        file: &ProjectFile,
        cache: &Path,
        on_transfer: &OnTransfer<'_>,
    ) -> Result<Commit<'_>, SourceError> {
        let archive = index.download(file, cache, on_transfer)?;
        let tree = self.unpack(&file.filename, &archive)?;
        let tree = self.0.find_tree(tree).map_err(self.git())?;
        let signature = Signature::new("djbuild", "djbuild", &Time::new(0, 0));
        let id = signature
            .and_then(|by| self.0.commit(None, &by, &by, version, &tree, &[]))
            .map_err(self.git())?;
        let commit = self.0.find_commit(id).map_err(self.git())?;
        self.candidate(version, &commit).snapshot()?;
        self.0
            .reference(&name(version), id, true, version)
            .map_err(self.git())?;
        Ok(commit)
    }

    /// The files of a source distribution, without the folder they are all in.
    fn unpack(&self, name: &str, archive: &File) -> Result<git2::Oid, SourceError> {
        let broken = |problem: String| SourceError::Archive {
            file: name.to_owned(),
            problem,
        };
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive));
        let mut files = git2::Index::new().map_err(self.git())?;
        for entry in tar.entries().map_err(|error| broken(error.to_string()))? {
            let mut entry = entry.map_err(|error| broken(error.to_string()))?;
            let kind = entry.header().entry_type();
            let path = entry.path_bytes().into_owned();
            let Some(slash) = path.iter().position(|byte| *byte == b'/') else {
                continue;
            };
            let path = path[slash + 1..].to_vec();
            if kind.is_dir() || kind.is_pax_global_extensions() || path.is_empty() {
                continue;
            }
            if path
                .split(|byte| *byte == b'/')
                .any(|part| matches!(part, b"" | b"." | b".."))
            {
                return Err(broken(format!(
                    "{} is no path inside a tree",
                    String::from_utf8_lossy(&path)
                )));
            }
            let (mode, bytes) = if kind.is_symlink() {
                let target = entry.link_name_bytes().unwrap_or_default().into_owned();
                (0o120_000, target)
            } else if !kind.is_file() {
                return Err(broken(format!(
                    "{} is neither a file nor a link",
                    String::from_utf8_lossy(&path)
                )));
            } else {
                let executable = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
                let mut bytes = Vec::new();
                entry
                    .read_to_end(&mut bytes)
                    .map_err(|error| broken(error.to_string()))?;
                (if executable { 0o100_755 } else { 0o100_644 }, bytes)
            };
            let id = self.0.blob(&bytes).map_err(self.git())?;
            files.add(&plain(path, mode, id)).map_err(self.git())?;
        }
        files.write_tree_to(&self.0).map_err(self.git())
    }
}

/// The name under which a release is kept.
pub fn name(version: &str) -> String {
    format!("refs/djbuild/django-{version}")
}

fn plain(path: Vec<u8>, mode: u32, id: git2::Oid) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path,
    }
}
