//! A repository that is scripted: commits, branches, and what goes wrong.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use djbuild::source::{Commit, SourceError};
use djbuild::watch::Remote;

pub const PLACE: &str = "https://example.org/django.git";

#[derive(Debug, Default)]
struct World {
    commits: BTreeMap<String, (Vec<String>, Commit)>,
    heads: BTreeMap<String, String>,
    made: u64,
    is_away: bool,
    /// Branches that cannot be fetched.
    broken: BTreeSet<String>,
    fetches: u64,
}

#[derive(Debug, Default)]
pub struct Forge(Mutex<RefCell<World>>);

impl Forge {
    pub fn new() -> Self {
        let forge = Self::default();
        forge.push("main", &["django/a.py"]);
        forge
    }

    fn with<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.0.lock().expect("one at a time").borrow_mut())
    }

    /// A commit on a branch, which begins where `main` is if it is new.
    pub fn push(&self, branch: &str, files: &[&str]) -> String {
        self.with(|world| {
            let parent = world.heads.get(branch).or(world.heads.get("main")).cloned();
            let id = world.commit(parent.into_iter().collect(), files);
            world.heads.insert(branch.to_owned(), id.clone());
            id
        })
    }

    /// Another commit in place of the last one.
    pub fn amend(&self, branch: &str) -> String {
        self.with(|world| {
            let tip = world.heads[branch].clone();
            let parents = world.commits[&tip].0.clone();
            let id = world.commit(parents, &["django/amended.py"]);
            world.heads.insert(branch.to_owned(), id.clone());
            id
        })
    }

    /// Sets a branch to a commit.
    pub fn reset(&self, branch: &str, commit: &str) {
        self.with(|world| world.heads.insert(branch.to_owned(), commit.to_owned()));
    }

    pub fn delete(&self, branch: &str) {
        self.with(|world| world.heads.remove(branch));
    }

    pub fn tip(&self, branch: &str) -> Option<String> {
        self.with(|world| world.heads.get(branch).cloned())
    }

    pub fn parent(&self, commit: &str) -> Option<String> {
        self.with(|world| world.commits[commit].0.first().cloned())
    }

    pub fn branches(&self) -> Vec<String> {
        self.with(|world| world.heads.keys().cloned().collect())
    }

    pub fn set_away(&self, is_away: bool) {
        self.with(|world| world.is_away = is_away);
    }

    pub fn set_broken(&self, branch: &str, is_broken: bool) {
        self.with(|world| {
            if is_broken {
                world.broken.insert(branch.to_owned());
            } else {
                world.broken.remove(branch);
            }
        });
    }

    pub fn fetches(&self) -> u64 {
        self.with(|world| world.fetches)
    }
}

impl World {
    fn commit(&mut self, parents: Vec<String>, files: &[&str]) -> String {
        self.made += 1;
        let id = format!("{:040x}", self.made);
        let commit = Commit {
            id: id.clone(),
            parents: parents.clone(),
            author: format!("author {}", self.made % 3),
            committed: 0,
            subject: format!("commit {}", self.made),
            files: Some(files.iter().map(|file| (*file).to_owned()).collect()),
        };
        self.commits.insert(id.clone(), (parents, commit));
        id
    }

    /// A commit and all before it, the commit first.
    fn history(&self, tip: &str) -> Vec<String> {
        let (mut found, mut next) = (Vec::new(), vec![tip.to_owned()]);
        while let Some(id) = next.pop() {
            if let Some((parents, _)) = self.commits.get(&id) {
                next.extend(parents.iter().cloned());
                found.push(id);
            }
        }
        found
    }
}

impl Remote for Forge {
    fn place(&self) -> &str {
        PLACE
    }

    fn heads(&self) -> Result<BTreeMap<String, String>, SourceError> {
        self.with(|world| {
            if world.is_away {
                return Err(SourceError::Unreachable {
                    place: PLACE.to_owned(),
                    message: "nobody is there".to_owned(),
                });
            }
            Ok(world.heads.clone())
        })
    }

    fn fetch(&self, branch: &str) -> Result<String, SourceError> {
        self.with(|world| {
            world.fetches += 1;
            let is_broken = world.broken.contains(branch);
            let tip = world.heads.get(branch).filter(|_| !is_broken).cloned();
            tip.ok_or_else(|| SourceError::NoRevision(format!("no {branch}")))
        })
    }

    fn commits(&self, since: Option<&str>, tip: &str) -> Result<Vec<Commit>, SourceError> {
        self.with(|world| {
            let known = since.map_or_else(
                || world.history(tip).split_off(1),
                |since| world.history(since),
            );
            let new = world.history(tip).into_iter().rev();
            let new = new.filter(|id| !known.contains(id));
            Ok(new.map(|id| world.commits[&id].1.clone()).collect())
        })
    }

    fn is_in(&self, commit: &str, tip: &str) -> Result<bool, SourceError> {
        self.with(|world| Ok(world.history(tip).iter().any(|id| id == commit)))
    }

    fn resolve(&self, word: &str) -> Result<Option<String>, SourceError> {
        self.with(|world| Ok(world.commits.contains_key(word).then(|| word.to_owned())))
    }
}
