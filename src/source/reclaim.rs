use std::fs::{DirEntry, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::SourceError;
use super::heads::Heads;
use super::lock::hold_if_free;
use super::mirror_refs::{forget, kept_as};
use super::release;

/// A day is longer than any file is written for.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3600);

/// What a part of the cache is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CachePart {
    /// The copy of a git URL.
    Mirror,
    /// Refs of a mirror that is used, which nobody asks for any more.
    Refs(Vec<String>),
    /// Releases of Django, by their versions.
    Releases(Vec<String>),
    /// The list of files of a tree that was made into an image layer.
    Tree,
    /// What was being written when somebody was killed.
    Leftover,
}

/// A part of the cache that can go: it is made again when it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reclaimable {
    /// What it is.
    pub part: CachePart,
    /// Where it is.
    pub path: PathBuf,
    /// How much room it takes, in bytes; of what shares its objects with others,
    /// unknown before it is gone: 0.
    pub bytes: u64,
    /// How long nobody has used it; of several, the one that was used last.
    pub unused_for: Duration,
}

/// How much of the cache stays.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// What was used within this time.
    pub used_within: Duration,
    /// Of that, no more bytes than these, the latest used first; `None` for all.
    pub bytes: Option<u64>,
}

impl Reclaimable {
    /// What can go of djbuild's cache folder, the longest unused first: mirrors in
    /// `git`, releases, manifests in `trees`, and files that were left half-written. Of what
    /// somebody works on just now nothing is listed.
    ///
    /// # Errors
    /// When the cache is there and cannot be read.
    pub fn find(cache: &Path, keep: Keep) -> Result<Vec<Self>, SourceError> {
        let mut used = Vec::new();
        let mut found = Vec::new();
        for folder in [cache.to_owned(), cache.join("git"), cache.join("trees")] {
            for entry in entries(&folder)? {
                let path = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                if path.extension().is_some_and(|ending| ending == "git") {
                    found.extend(half_packs(&path)?);
                    if !folder.ends_with("git") {
                        found.extend(idle(&path, CachePart::Releases, keep.used_within));
                    } else if !is_held(&path) {
                        used.push(Self::new(CachePart::Mirror, path));
                    }
                } else if name.ends_with(".manifest.zst") {
                    used.push(Self::new(CachePart::Tree, path));
                } else if name.starts_with(".tmp") {
                    found.extend(Self::new(CachePart::Leftover, path).if_older(LEFT_BEHIND));
                }
            }
        }
        used.sort_by_key(|part| part.unused_for);
        let mut kept = 0;
        for unit in used {
            let fits = keep.bytes.is_none_or(|most| kept + unit.bytes <= most);
            if unit.unused_for > keep.used_within || !fits {
                found.retain(|inside| !inside.path.starts_with(&unit.path));
                found.push(unit);
            } else {
                kept += unit.bytes;
                if unit.part == CachePart::Mirror {
                    found.extend(idle(&unit.path, CachePart::Refs, keep.used_within));
                }
            }
        }
        found.sort_by_key(|part| std::cmp::Reverse(part.unused_for));
        Ok(found)
    }

    /// Removes it. `false` where somebody has taken it up again meanwhile.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self) -> Result<bool, SourceError> {
        let failed = || SourceError::io(&self.path);
        if matches!(self.part, CachePart::Tree | CachePart::Leftover) {
            std::fs::remove_file(&self.path).map_err(failed())?;
            return Ok(true);
        }
        let Some(_lock) = hold_if_free(&self.path.with_extension("lock")) else {
            return Ok(false);
        };
        match &self.part {
            CachePart::Refs(names) => {
                return forget(&self.path, names, kept_as, self.unused_for);
            }
            CachePart::Releases(versions) => {
                return forget(&self.path, versions, release::name, self.unused_for);
            }
            _ => {}
        }
        if last_use(&self.path).elapsed().unwrap_or_default() < self.unused_for {
            return Ok(false);
        }
        // Its lock stays: whoever waits for it has it open.
        std::fs::remove_dir_all(&self.path).map_err(failed())?;
        let _ = std::fs::remove_file(heads_file(&self.path));
        Ok(true)
    }

    fn new(part: CachePart, path: PathBuf) -> Self {
        Self {
            bytes: size(&path),
            unused_for: last_use(&path).elapsed().unwrap_or_default(),
            part,
            path,
        }
    }

    fn if_older(self, age: Duration) -> Option<Self> {
        (self.unused_for > age).then_some(self)
    }
}

/// What of a repository of ours nobody has asked for in this time, by the names
/// noted beside it.
fn idle(
    git_dir: &Path,
    part: impl Fn(Vec<String>) -> CachePart,
    used_within: Duration,
) -> Option<Reclaimable> {
    let heads = Heads::read(&heads_file(git_dir));
    let names = heads.commits.keys();
    let idle: Vec<&String> = names.filter(|name| heads.age(name) > used_within).collect();
    let unused_for = idle.iter().map(|name| heads.age(name)).min()?;
    Some(Reclaimable {
        part: part(idle.into_iter().cloned().collect()),
        path: git_dir.to_owned(),
        bytes: 0,
        unused_for,
    })
}

/// Packs that a killed git was writing.
fn half_packs(git_dir: &Path) -> Result<Vec<Reclaimable>, SourceError> {
    let mut found = Vec::new();
    for entry in entries(&git_dir.join("objects/pack"))? {
        if entry.file_name().to_string_lossy().starts_with("tmp_") {
            found.extend(Reclaimable::new(CachePart::Leftover, entry.path()).if_older(LEFT_BEHIND));
        }
    }
    Ok(found)
}

/// Those of a folder; none where it is not there.
fn entries(folder: &Path) -> Result<Vec<DirEntry>, SourceError> {
    match folder.read_dir() {
        Ok(entries) => Ok(entries.flatten().collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(SourceError::io(folder)(error)),
    }
}

fn heads_file(mirror: &Path) -> PathBuf {
    mirror.with_extension("json")
}

/// When something was used last: mirrors have it noted beside them.
fn last_use(path: &Path) -> SystemTime {
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    modified(&heads_file(path))
        .or_else(|_| modified(path))
        // What cannot be asked is not called old.
        .unwrap_or_else(|_| SystemTime::now())
}

fn is_held(mirror: &Path) -> bool {
    let Ok(file) = File::open(mirror.with_extension("lock")) else {
        return false;
    };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

fn size(path: &Path) -> u64 {
    let Ok(metadata) = path.symlink_metadata() else {
        return 0;
    };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = path.read_dir().into_iter().flatten().flatten();
    entries.map(|entry| size(&entry.path())).sum()
}
