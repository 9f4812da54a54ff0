use std::fs::File;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::error::SourceError;
use super::git::Git;
use super::heads::Heads;
use super::maintenance::pack;
use crate::model::hex;

/// The mirror's own name for a ref. Not the ref's: a `fix` that was replaced by a
/// `fix/a` would be in its way.
pub fn kept_as(reference: &str) -> String {
    let digest = Sha256::digest(reference.as_bytes());
    format!("refs/djbuild/{}", hex(&digest[..16]))
}

/// Has a repository of ours forget those of these refs that are still unused for so
/// long, and what they alone lead to. Its lock is held. `false` where all are used
/// again.
pub fn forget(
    git_dir: &Path,
    references: &[String],
    kept_as: impl Fn(&str) -> String,
    unused_for: Duration,
) -> Result<bool, SourceError> {
    let heads_file = git_dir.with_extension("json");
    let mut heads = Heads::read(&heads_file);
    let idle = references
        .iter()
        .filter(|name| heads.age(name) >= unused_for);
    let idle: Vec<String> = idle.cloned().collect();
    for reference in &idle {
        let delete = Git::within(git_dir).args(["update-ref", "-d", &kept_as(reference)]);
        delete.read()?;
        heads.forget(reference);
    }
    if !idle.is_empty() {
        let used = heads_file.metadata().and_then(|found| found.modified());
        heads
            .write(&heads_file)
            .map_err(SourceError::io(&heads_file))?;
        // To clear away is not to use.
        if let (Ok(used), Ok(file)) = (used, File::options().append(true).open(&heads_file)) {
            let _ = file.set_modified(used);
        }
        pack(git_dir);
    }
    Ok(!idle.is_empty())
}
