use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Desk, WebError};
use crate::model::{Moment, RunId};
use crate::store::State;
use crate::store::farm::{Book, Branch};

/// What somebody wants to see.
pub struct Ask {
    /// What answers are made from.
    pub desk: Arc<Desk>,
    /// The parts of the address that are not always the same, by name.
    pub path: BTreeMap<String, String>,
    /// What is behind its question mark.
    pub query: BTreeMap<String, String>,
    /// When.
    pub now: Moment,
}

impl Ask {
    /// Where runs are kept.
    pub fn state(&self) -> &State {
        &self.desk.home.state
    }

    /// Looks at one moment of what the watcher keeps.
    pub fn look<T>(
        &self,
        work: impl FnOnce(&Book<'_>) -> Result<T, WebError>,
    ) -> Result<T, WebError> {
        self.state().farm()?.look(work)
    }

    /// A part of the address.
    pub fn part(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// A word behind the question mark, unless it is empty.
    pub fn word(&self, name: &str) -> Option<&str> {
        let word = self.query.get(name).map(String::as_str);
        word.filter(|word| !word.is_empty())
    }

    /// A number there, kept within bounds.
    pub fn number(&self, name: &str, usual: u32, most: u32) -> Result<u32, WebError> {
        let Some(word) = self.word(name) else {
            return Ok(usual);
        };
        let number: u32 = word
            .parse()
            .map_err(|_| WebError::Wrong(format!("{name}={word}: a whole number is wanted")))?;
        Ok(number.min(most))
    }

    /// The run that the address names.
    pub fn run(&self) -> Result<RunId, WebError> {
        let run = RunId::new(self.part("run"));
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_plain = !run.as_str().is_empty() && run.as_str().chars().all(is_name);
        if is_plain && self.state().run_folder(&run).is_dir() {
            return Ok(run);
        }
        Err(WebError::Missing(format!(
            "no run {} is kept: it may have been pruned",
            self.part("run")
        )))
    }

    /// The branches that are watched and there, in the order of their repositories.
    pub fn branches(&self, book: &Book<'_>) -> Result<Vec<Branch>, WebError> {
        let mut all = Vec::new();
        for place in self.desk.orders().watch.places() {
            let branches = book.branches(&place)?.into_iter();
            all.extend(branches.filter(|branch| branch.gone.is_none()));
        }
        Ok(all)
    }

    /// The branch that is asked for, or the first: `main` where there is one.
    pub fn branch(&self, book: &Book<'_>) -> Result<Option<Branch>, WebError> {
        let all = self.branches(book)?;
        let Some(name) = self.word("branch") else {
            let first = all.iter().find(|branch| branch.name == "main");
            return Ok(first.or(all.first()).cloned());
        };
        let repository = self.word("repository");
        let is_it = |branch: &&Branch| {
            branch.name == name && repository.is_none_or(|place| place == branch.repository)
        };
        match all.iter().find(is_it) {
            Some(branch) => Ok(Some(branch.clone())),
            None => Err(WebError::Missing(format!("no branch {name} is watched"))),
        }
    }
}

/// Reads on a thread of its own, since files are read there.
pub async fn made<T: Send + 'static>(
    desk: Arc<Desk>,
    path: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    work: impl FnOnce(Ask) -> Result<T, WebError> + Send + 'static,
) -> Result<T, WebError> {
    let ask = Ask {
        desk,
        path,
        query,
        now: crate::watch::now(),
    };
    let working = tokio::task::spawn_blocking(move || work(ask));
    working.await.unwrap_or(Err(WebError::Bug))
}
