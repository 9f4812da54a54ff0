use super::error::SourceError;
use super::wanted::{Wanted, is_commit, pull_request};

/// A ref of a remote and where it points.
pub type Ref = (String, String);

/// A revision of the remote.
#[derive(Debug, Clone)]
pub struct Found {
    /// What its cells are called.
    pub name: String,
    /// The ref, or the commit where that was asked for.
    pub reference: String,
    /// What it points at, which a tag does not say of itself.
    pub commit: String,
}

/// The revisions that are wanted among the refs of a remote.
pub fn choose(refs: &[Ref], wanted: &Wanted<'_>, place: &str) -> Result<Vec<Found>, SourceError> {
    let at = |reference: &str| refs.iter().find(|(name, _)| name == reference);
    let mut found: Vec<Found> = refs
        .iter()
        .filter_map(|(reference, commit)| {
            let name = reference.strip_prefix("refs/heads/")?;
            wanted.branch(name).then(|| Found {
                name: name.to_owned(),
                reference: reference.clone(),
                commit: commit.clone(),
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let branches: Vec<String> = found.iter().map(|found| found.name.clone()).collect();
    for word in wanted.others(&branches) {
        let pull = pull_request(word).map(|number| format!("refs/pull/{number}/head"));
        let named = [
            Some(format!("refs/tags/{word}")),
            pull,
            Some(word.to_owned()),
        ];
        let named = named.iter().flatten().find_map(|name| at(name));
        let known = |(reference, commit): &Ref| Found {
            name: pull_request(reference)
                .map_or_else(|| word.to_owned(), |number| format!("pull/{number}")),
            reference: reference.clone(),
            commit: commit.clone(),
        };
        let by_commit = || {
            let commit = word.to_lowercase();
            let mut heads = refs.iter().filter(|(_, id)| id.starts_with(&commit));
            let head = heads.next().map(|(_, id)| id.clone());
            let whole = head.or_else(|| (commit.len() == 40).then(|| commit.clone()))?;
            Some(Found {
                name: whole[..10].to_owned(),
                reference: whole.clone(),
                commit: whole,
            })
        };
        match named
            .map(known)
            .or_else(|| is_commit(word).then(by_commit).flatten())
        {
            Some(revision) => found.push(revision),
            None if is_commit(word) => {
                return Err(SourceError::NoRevision(format!(
                    "{place}: no branch or tag is at {word}; a commit inside a branch needs all 40 \
                     digits of its id"
                )));
            }
            None => {
                return Err(SourceError::NoRevision(format!(
                    "{place} has no branch, tag, pull request or commit {word}{}",
                    near(word, refs)
                )));
            }
        }
    }
    wanted.check(&branches, found.len(), place)?;
    Ok(found)
}

/// A branch that differs from what was typed in one or two letters.
fn near(word: &str, refs: &[Ref]) -> String {
    refs.iter()
        .filter_map(|(name, _)| name.strip_prefix("refs/heads/"))
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"))
}
