use std::path::Path;

use git2::Oid;

use super::keep;
use super::raw::whole;
use crate::source::error::SourceError;
use crate::source::git::Git;
use crate::source::heads::Heads;
use crate::source::objects::Objects;
use crate::source::refs::Ref;
use crate::source::wanted::is_commit;

/// Where the names of tags are: as refs, a `v1` would be in the way of a `v1/a`.
const TAGS: &str = "tags.json";

/// Notes the tags of a remote. Losing them costs a name for commits that have others.
pub fn note_tags(git_dir: &Path, listed: &[Ref]) {
    let mut tags = Heads::default();
    for (name, id) in listed {
        // What an annotated tag points at is listed after it.
        tags.note(name.strip_suffix("^{}").unwrap_or(name), id);
    }
    let _ = tags.write(&git_dir.join(TAGS));
}

/// The commit that a word names, of those that are here: by its whole id, else a
/// branch, a tag, or the beginning of an id.
pub fn resolve(git_dir: &Path, objects: &Objects, word: &str) -> Result<Option<Oid>, SourceError> {
    if let Some(commit) = whole(word.as_bytes()).and_then(|id| objects.commit(id).ok()) {
        return Ok(Some(commit));
    }
    let tag = || {
        let tags = Heads::read(&git_dir.join(TAGS));
        tags.commits
            .get(&format!("refs/tags/{word}"))
            .and_then(|id| whole(id.as_bytes()))
    };
    let named = keep::tip(git_dir, &format!("refs/heads/{word}"))?.or_else(tag);
    if let Some(commit) = named.and_then(|id| objects.commit(id).ok()) {
        return Ok(Some(commit));
    }
    if is_commit(word) {
        return beginning(git_dir, word);
    }
    Ok(None)
}

/// The commit whose id begins like this.
fn beginning(git_dir: &Path, digits: &str) -> Result<Option<Oid>, SourceError> {
    let ask = Git::within(git_dir).args(["rev-parse", "--verify"]);
    let (printed, told) = ask.args([format!("{digits}^{{commit}}")]).try_read()?;
    if told.is_some_and(|told| told.contains("is ambiguous")) {
        return Err(SourceError::NoRevision(format!(
            "more than one commit begins with {digits}; give more digits of its id"
        )));
    }
    Ok(whole(printed.trim_ascii()))
}
