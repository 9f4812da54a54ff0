use std::io::Write;
use std::path::PathBuf;

use git2::Oid;

use super::bare::Bare;
use super::commit::{Link, snapshot_commit};
use super::error::SourceError;
use super::objects::{ObjectStore, objects_of};
use super::reach::Reach;
use super::remote::NamedBy;
use super::snapshot::Snapshot;
use super::wanted::Wanted;

/// Where the submodules of a commit are to be had.
#[derive(Debug, Clone)]
pub enum Submodules {
    /// In this git directory, those that were initialised there.
    Local(PathBuf),
    /// From where `.gitmodules` says, through mirrors of their own.
    Mirrored {
        /// The URL that relative ones start from.
        url: String,
        /// Where mirrors are.
        cache: PathBuf,
        /// Whether their remotes are asked.
        reach: Reach,
    },
}

/// What `.gitmodules` says of one submodule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Module {
    name: String,
    path: String,
    url: String,
}

impl Submodules {
    /// The tree of a commit, with those of its submodules in it.
    pub fn snapshot_commit(
        &self,
        objects: &ObjectStore,
        name: (&str, &str),
        commit: Oid,
    ) -> Result<Snapshot, SourceError> {
        snapshot_commit(objects, name, commit, &|link| self.snapshot(link))
    }

    /// The tree of one submodule, at the commit its parent names.
    fn snapshot(&self, link: &Link<'_>) -> Result<Snapshot, SourceError> {
        let path = String::from_utf8_lossy(link.path);
        let missing = |problem: &str| SourceError::Git {
            place: path.clone().into_owned(),
            message: format!("{problem}, so what is in this submodule is unknown"),
        };
        let modules = read_modules(link.gitmodules)?;
        let module = modules
            .into_iter()
            .find(|module| module.path == path)
            .ok_or_else(|| missing(".gitmodules does not name it"))?;
        let name = (module.url.as_str(), &*path);
        match self {
            Self::Local(git_dir) => {
                if module.name.split('/').any(|part| part == "..") {
                    return Err(missing("its name leads outside of the repository"));
                }
                let folder = git_dir.join("modules").join(&module.name);
                let objects = ObjectStore::new(objects_of(&folder), None);
                let is_here = objects.open().is_ok_and(|found| found.has(link.commit));
                if !is_here {
                    return Err(missing("run `git submodule update --init`"));
                }
                Self::Local(folder).snapshot_commit(&objects, name, link.commit)
            }
            Self::Mirrored { url, cache, reach } => {
                let inner = resolve(url, &module.url);
                // A tree of one's own disk may have submodules on it, as git has it.
                let named_by = if is_local(url) {
                    NamedBy::User
                } else {
                    NamedBy::Tree
                };
                let words = [link.commit.to_string()];
                let bare = Bare::new(&inner, cache, named_by);
                let found = bare.find(&Wanted::Named(&words), *reach, &|_| {})?;
                let first = found.commits.first();
                let (_, commit) = first.ok_or_else(|| missing("its commit was not found"))?;
                let below = Self::Mirrored {
                    url: inner,
                    cache: cache.clone(),
                    reach: *reach,
                };
                below.snapshot_commit(&found.objects, name, *commit)
            }
        }
    }
}

/// Whether a URL is of this machine's own disk.
fn is_local(url: &str) -> bool {
    url.starts_with("file://") || !url.contains([':', '@'])
}

fn read_modules(text: &[u8]) -> Result<Vec<Module>, SourceError> {
    let git = || SourceError::git(".gitmodules");
    // git's own reader of its own format, which wants a file.
    let mut file = tempfile::NamedTempFile::new().map_err(SourceError::io(".gitmodules"))?;
    file.write_all(text)
        .map_err(SourceError::io(".gitmodules"))?;
    let config = git2::Config::open(file.path()).map_err(git())?;
    let mut modules = Vec::new();
    let mut entries = config
        .entries(Some(r"submodule\..*\.path"))
        .map_err(git())?;
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(git())?;
        let (Ok(key), Ok(path)) = (entry.name(), entry.value()) else {
            continue;
        };
        let name = key
            .trim_start_matches("submodule.")
            .trim_end_matches(".path");
        modules.push(Module {
            name: name.to_owned(),
            path: path.to_owned(),
            url: config
                .get_string(&format!("submodule.{name}.url"))
                .unwrap_or_default(),
        });
    }
    Ok(modules)
}

/// `../other.git` is beside its parent, as git reads it.
fn resolve(parent: &str, url: &str) -> String {
    if !url.starts_with("./") && !url.starts_with("../") {
        return url.to_owned();
    }
    let (mut base, mut joint) = (parent.trim_end_matches('/'), '/');
    let mut rest = url;
    loop {
        if let Some(up) = rest.strip_prefix("../") {
            rest = up;
            if let Some(at) = base.rfind(['/', ':']) {
                // `git@host:parent` has a colon where others have a slash.
                joint = if base[at..].starts_with(':') {
                    ':'
                } else {
                    '/'
                };
                base = &base[..at];
            }
        } else if let Some(here) = rest.strip_prefix("./") {
            rest = here;
        } else {
            return format!("{base}{joint}{rest}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_address_starts_at_its_parent() {
        let parent = "https://example.org/django/django.git";
        assert_eq!(
            resolve(parent, "../themes.git"),
            "https://example.org/django/themes.git"
        );
        assert_eq!(resolve(parent, "https://x.org/y"), "https://x.org/y");
        assert_eq!(resolve("git@x.org:a/b", "../c"), "git@x.org:a/c");
        assert_eq!(resolve("git@x.org:a/b", "../../c/d"), "git@x.org:c/d");
    }

    #[test]
    fn gitmodules_names_paths_and_addresses() {
        let text = b"[submodule \"a.b\"]\n\tpath = docs/theme\n\turl = ../theme\n";
        let modules = read_modules(text).expect("git's format");
        assert_eq!(modules[0].name, "a.b");
        assert_eq!(modules[0].path, "docs/theme");
        assert_eq!(modules[0].url, "../theme");
    }
}
