//! What somebody has in a checkout that others do not have.

use std::path::Path;

use super::error::SourceError;
use super::git::Git;
use super::layout::Layout;

/// The commit that a checkout is at and those before it, the newest first, this many at
/// most.
///
/// # Errors
/// When git cannot tell, as in a repository without commits.
pub fn line_of(root: &Path, most: usize) -> Result<Vec<String>, SourceError> {
    let count = format!("--max-count={most}");
    let ask = Git::reading(root).args(["rev-list", &count, "HEAD", "--"]);
    let listed = ask.read()?;
    let listed = String::from_utf8_lossy(&listed);
    Ok(listed.lines().map(str::to_owned).collect())
}

/// In what a checkout differs from a commit of its own, as a patch: what is committed
/// since, what is not, and new files that git does not ignore.
///
/// # Errors
/// When git cannot tell.
pub fn difference(root: &Path, base: &str) -> Result<Vec<u8>, SourceError> {
    let layout = Layout::discover(root)?.ok_or_else(|| SourceError::NotGit(root.to_owned()))?;
    // New files are noted in an index that is thrown away: the user's own stays as it is.
    let folder = tempfile::tempdir().map_err(SourceError::io(std::env::temp_dir()))?;
    let index = folder.path().join("index");
    if layout.index.exists() {
        std::fs::copy(&layout.index, &index).map_err(SourceError::io(&layout.index))?;
    }
    let git = || Git::reading(root).env("GIT_INDEX_FILE", &index);
    git().args(["add", "--intent-to-add", "--", "."]).read()?;
    git()
        .args(["diff", "--binary", "--full-index", "--no-renames"])
        .args(["--no-color", "--no-ext-diff", "--no-textconv"])
        .args(["--ignore-submodules", "--src-prefix=a/", "--dst-prefix=b/"])
        .args([base, "--", "."])
        .read()
}
