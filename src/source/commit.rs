use git2::{Commit, ObjectType, Repository};
use globset::{Glob, GlobMatcher};

use super::aside::Aside;
use super::{Entry, Manifest, Mode, Snapshot, SourceError};
use crate::model::Revision;

/// Which branches are asked for; what is no glob matches nothing.
pub struct BranchGlobs(Vec<GlobMatcher>);

impl BranchGlobs {
    pub fn new(patterns: &[String]) -> Self {
        Self(
            patterns
                .iter()
                .filter_map(|pattern| Glob::new(pattern).ok())
                .map(|glob| glob.compile_matcher())
                .collect(),
        )
    }

    pub fn match_name(&self, branch: &str) -> bool {
        self.0.iter().any(|glob| glob.is_match(branch))
    }
}

/// The tree of a commit; its files stay where they are, in the repository.
pub fn snapshot_commit(
    repository: &Repository,
    source: &str,
    branch: &str,
    commit: &Commit<'_>,
) -> Result<Snapshot, SourceError> {
    let git = || SourceError::git(source);
    let tree = commit.tree().map_err(git())?;
    let mut files = Vec::new();
    list_tree(repository, &tree, &[], &mut files).map_err(git())?;
    let manifest: Manifest = files.into_iter().collect();
    if manifest.get(b"tests/runtests.py").is_none() {
        return Err(SourceError::NotDjango {
            place: format!("{source} {branch}"),
            missing: "tests/runtests.py",
        });
    }
    let revision = Revision {
        source: source.to_owned(),
        branch: branch.to_owned(),
        commit: Some(commit.id().to_string()),
        modified: 0,
        snapshot: manifest.id(),
    };
    let nothing = Aside::default();
    Ok(Snapshot::new(revision, manifest, repository, nothing))
}

/// Collects the blobs below `tree`. libgit2's own walk wants UTF-8 folder names.
fn list_tree(
    repository: &Repository,
    tree: &git2::Tree<'_>,
    prefix: &[u8],
    files: &mut Vec<(Vec<u8>, Entry)>,
) -> Result<(), git2::Error> {
    for item in tree {
        let mut path = prefix.to_vec();
        path.extend_from_slice(item.name_bytes());
        match item.kind() {
            Some(ObjectType::Tree) => {
                path.push(b'/');
                list_tree(repository, &repository.find_tree(item.id())?, &path, files)?;
            }
            Some(ObjectType::Blob) => {
                let mode = match item.filemode() {
                    0o120_000 => Mode::Symlink,
                    0o100_755 => Mode::Executable,
                    _ => Mode::Regular,
                };
                files.push((path, Entry::new(mode, item.id())));
            }
            _ => {}
        }
    }
    Ok(())
}
