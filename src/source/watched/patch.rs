use std::path::Path;

use git2::Oid;

use super::keep;
use super::raw::whole;
use crate::source::error::SourceError;
use crate::source::git::{Git, words};

/// Makes a commit of a patch on another commit, and says which, or why it does not apply.
/// There is no checkout, so no filter or hook has a part in it. The lock is held.
pub fn commit(
    git_dir: &Path,
    base: Oid,
    patch: &Path,
    (who, message): (&str, &str),
) -> Result<Result<Oid, String>, SourceError> {
    let folder = tempfile::tempdir_in(git_dir).map_err(SourceError::io(git_dir))?;
    let index = folder.path().join("index");
    let git = || Git::within(git_dir).env("GIT_INDEX_FILE", &index);
    let base = base.to_string();
    git().args(["read-tree", &base]).read()?;
    let apply = git().args(["apply", "--cached", "--whitespace=nowarn", "--"]);
    if let (_, Some(told)) = apply.args([patch]).try_read()? {
        return Ok(Err(words(&told)));
    }
    let tree = text(&git().args(["write-tree"]).read()?);
    let before = format!("{base}^{{tree}}");
    if tree == text(&git().args(["rev-parse", "--verify", &before]).read()?) {
        return Ok(Err("it changes nothing".to_owned()));
    }
    let committed = git()
        .env("GIT_AUTHOR_NAME", who)
        .env("GIT_AUTHOR_EMAIL", "try@djbuild.invalid")
        .env("GIT_COMMITTER_NAME", "djbuild")
        .env("GIT_COMMITTER_EMAIL", "try@djbuild.invalid")
        .args(["commit-tree", &tree, "-p", &base, "-m", message])
        .read()?;
    let committed = text(&committed);
    let commit = whole(committed.as_bytes()).ok_or_else(|| SourceError::Git {
        place: git_dir.display().to_string(),
        message: format!("git says {committed:?} instead of a commit"),
    })?;
    keep::keep(git_dir, commit)?;
    Ok(Ok(commit))
}

fn text(printed: &[u8]) -> String {
    String::from_utf8_lossy(printed.trim_ascii()).into_owned()
}
