use globset::{Glob, GlobMatcher};

use super::error::SourceError;

/// Which revisions of a repository are asked for.
pub enum Wanted<'a> {
    /// The branches that a matrix wants.
    Branches(&'a dyn Fn(&str) -> bool),
    /// What the user named: globs over branches, or the names of a branch, a tag,
    /// a pull request (`pull/123`), a ref or a commit.
    Named(&'a [String]),
}

impl Wanted<'_> {
    /// Whether a branch of this name is among them.
    pub fn branch(&self, name: &str) -> bool {
        match self {
            Self::Branches(wants) => wants(name),
            Self::Named(words) => words
                .iter()
                .any(|word| word == name || glob(word).is_some_and(|glob| glob.is_match(name))),
        }
    }

    /// The words that name one revision, and none of these branches.
    pub fn others<'a>(&'a self, branches: &'a [String]) -> impl Iterator<Item = &'a str> {
        let words: &[String] = match self {
            Self::Branches(_) => &[],
            Self::Named(words) => words,
        };
        words
            .iter()
            .map(String::as_str)
            .filter(|word| glob(word).is_none() && !branches.iter().any(|name| name == word))
    }

    /// Whether nothing but commits is asked for, by their whole ids.
    pub(super) fn is_commits(&self) -> bool {
        match self {
            Self::Branches(_) => false,
            Self::Named(words) => words.iter().all(|word| is_whole_commit(word)),
        }
    }

    /// Whether a word names neither one of these branches nor anything that is asked
    /// for by its own name.
    pub(super) fn may_be_a_tag(&self, heads: &[(String, String)]) -> bool {
        let branches = branches_of(heads);
        self.others(&branches)
            .any(|word| unlisted(word).is_none() && !is_whole_commit(word))
    }

    /// The refs that no listing of branches and tags has: those of pull requests, and
    /// what is typed as a ref.
    pub(super) fn unlisted(&self, listed: &[(String, String)]) -> Vec<String> {
        let branches = branches_of(listed);
        self.others(&branches)
            .filter_map(unlisted)
            .filter(|reference| !listed.iter().any(|(name, _)| name == reference))
            .collect()
    }

    /// Checks that there is something, and for each glob of the user something.
    ///
    /// # Errors
    /// With the globs that match none of these branches.
    pub fn check(&self, branches: &[String], all: usize, place: &str) -> Result<(), SourceError> {
        let words: &[String] = match self {
            Self::Branches(_) => &[],
            Self::Named(words) => words,
        };
        let idle: Vec<&str> = words
            .iter()
            .filter(|word| {
                let matches = |glob: &GlobMatcher| branches.iter().any(|name| glob.is_match(name));
                glob(word).is_some_and(|glob| !matches(&glob))
            })
            .map(String::as_str)
            .collect();
        let message = if !idle.is_empty() {
            format!("has no branch that matches {}", idle.join(" or "))
        } else if all == 0 {
            "has no branch that this matrix names".to_owned()
        } else {
            return Ok(());
        };
        Err(SourceError::NoRevision(format!("{place} {message}")))
    }
}

fn glob(word: &str) -> Option<GlobMatcher> {
    if !word.contains(['*', '?', '[', '{']) {
        return None;
    }
    Glob::new(word).ok().map(|glob| glob.compile_matcher())
}

fn branches_of(refs: &[(String, String)]) -> Vec<String> {
    refs.iter()
        .filter_map(|(name, _)| Some(name.strip_prefix("refs/heads/")?.to_owned()))
        .collect()
}

/// The ref that a word names, where that is neither a branch nor a tag.
fn unlisted(word: &str) -> Option<String> {
    if let Some(number) = pull_request(word) {
        return Some(format!("refs/pull/{number}/head"));
    }
    let is_ref = word == "HEAD" || word.starts_with("refs/");
    is_ref.then(|| word.to_owned())
}

fn is_whole_commit(word: &str) -> bool {
    word.len() == 40 && is_commit(word)
}

/// The number of a pull request: `pull/123`, `pr/123`, `#123`.
pub fn pull_request(word: &str) -> Option<u64> {
    let number = ["refs/pull/", "pull/", "pr/", "#"]
        .iter()
        .find_map(|prefix| word.strip_prefix(prefix))?;
    number.strip_suffix("/head").unwrap_or(number).parse().ok()
}

/// Whether a word looks like a commit's id, or the beginning of one.
pub fn is_commit(word: &str) -> bool {
    (7..=40).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_requests_have_the_names_people_give_them() {
        for word in ["pull/7", "pr/7", "#7", "refs/pull/7/head"] {
            assert_eq!(pull_request(word), Some(7), "{word}");
        }
        assert_eq!(pull_request("pull/x"), None);
    }

    #[test]
    fn a_glob_names_branches_and_a_word_may_name_anything() {
        let words = ["stable/*".to_owned(), "6.1.3".to_owned(), "main".to_owned()];
        let wanted = Wanted::Named(&words);
        assert!(wanted.branch("stable/6.1.x") && wanted.branch("main"));
        let branches = ["main".to_owned()];
        assert_eq!(wanted.others(&branches).collect::<Vec<_>>(), ["6.1.3"]);
    }
}
