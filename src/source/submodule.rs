use std::io::Write;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository};

use super::commit::snapshot_commit;
use super::wanted::Wanted;
use super::{Mirror, Reach, Snapshot, SourceError};

/// Where the submodules of a commit are to be had.
#[derive(Debug, Clone)]
pub enum Submodules {
    /// In the repository itself, for those that were initialised there.
    Local,
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
    /// Those of a mirror of `url`.
    pub fn mirrored(url: &str, cache: Option<&Path>, reach: Reach) -> Self {
        Self::Mirrored {
            reach,
            url: url.to_owned(),
            cache: cache.unwrap_or(Path::new("")).to_owned(),
        }
    }

    /// The tree of the submodule at `path`, at the commit its parent names.
    pub fn snapshot(
        &self,
        parent: &Repository,
        gitmodules: &[u8],
        (path, id): (&str, Oid),
    ) -> Result<Snapshot, SourceError> {
        let missing = |problem: &str| SourceError::Git {
            place: path.to_owned(),
            message: format!("{problem}, so what is in this submodule is unknown"),
        };
        let modules = read_modules(gitmodules)?;
        let module = modules
            .into_iter()
            .find(|module| module.path == path)
            .ok_or_else(|| missing(".gitmodules does not name it"))?;
        match self {
            Self::Local => {
                let folder = parent.commondir().join("modules").join(&module.name);
                let repository = Repository::open(&folder)
                    .map_err(|_| missing("run `git submodule update --init`"))?;
                let git = || SourceError::git(path);
                let commit = repository.find_commit(id).map_err(git())?;
                snapshot_commit(&repository, (&module.url, path), &commit, self)
            }
            Self::Mirrored { url, cache, reach } => {
                let url = resolve(url, &module.url);
                let mirror = Mirror::new(&url, cache);
                let words = [id.to_string()];
                let found = mirror.find(&Wanted::Named(&words), *reach, &|_| {})?;
                let first = found.candidates.first();
                first
                    .ok_or_else(|| missing("its commit was not found"))?
                    .files()
            }
        }
    }
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
