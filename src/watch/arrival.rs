use std::collections::BTreeSet;

use super::place::Place;
use super::settle::settle;
use super::waiting::drop_waiting;
use super::{Remote, WatchError};
use crate::model::Moment;
use crate::source::Commit;
use crate::spec::{First, Scheduler, Trigger, Watch};
use crate::store::farm::{Book, Branch, Change, Interest, NewChange};

/// What came to a branch.
pub struct Arrival<'a> {
    /// Where it was when it was looked at; what has moved since is left to whoever
    /// moved it.
    seen: Option<String>,
    /// Where it is now.
    tip: String,
    /// Its commits that nobody has seen, oldest first.
    commits: Vec<Commit>,
    /// For schedulers that see it for the first time: which of its commits they take.
    first: Vec<(&'a Scheduler, BTreeSet<String>)>,
    /// Commits that are not on it any more.
    vanished: BTreeSet<String>,
}

/// Brings a branch and reads what came to it.
pub fn look<'a>(
    remote: &dyn Remote,
    name: &str,
    seen: Option<&str>,
    strangers: Vec<&'a Scheduler>,
    waits: &BTreeSet<String>,
) -> Result<Arrival<'a>, WatchError> {
    let tip = remote.fetch(name)?;
    let mut commits = match seen {
        Some(seen) if seen == tip => Vec::new(),
        Some(seen) => {
            let new = remote.commits(Some(seen), &tip)?;
            // It was set back to a commit that it had: that is news too.
            if new.is_empty() {
                remote.commits(None, &tip)?
            } else {
                new
            }
        }
        None => Vec::new(),
    };
    let mut first = Vec::new();
    for scheduler in strangers {
        let taken = match &scheduler.first {
            First::Nothing => Vec::new(),
            First::Tip => remote.commits(None, &tip)?,
            First::Since(word) => match remote.resolve(word)? {
                Some(since) => remote.commits(Some(&since), &tip)?,
                None => remote.commits(None, &tip)?,
            },
        };
        first.push((
            scheduler,
            taken.iter().map(|commit| commit.id.clone()).collect(),
        ));
        // The longest list has all the others' commits.
        if taken.len() > commits.len() {
            commits = taken;
        }
    }
    let mut vanished = BTreeSet::new();
    for revision in waits {
        if !remote.is_in(revision, &tip)? {
            vanished.insert(revision.clone());
        }
    }
    Ok(Arrival {
        seen: seen.map(str::to_owned),
        tip,
        commits,
        first,
        vanished,
    })
}

/// Takes in what came to a branch, and says how many changes are new: changes, the place
/// of the branch, what waits and what is requested, all at once.
pub fn arrive(
    book: &Book<'_>,
    watch: &Watch,
    place: &Place<'_>,
    arrival: &Arrival<'_>,
    now: Moment,
) -> Result<usize, WatchError> {
    let row = book.branch(place.repository, place.branch)?;
    let is_there = row.as_ref().filter(|row| row.gone.is_none());
    if is_there.map(|row| &row.tip) != arrival.seen.as_ref() {
        return Ok(0);
    }
    let mut position = row.as_ref().map_or(0, |row| row.position);
    let born = is_there.map_or(position, |row| row.born);
    let mut new: Vec<Change> = Vec::new();
    let mut added = 0;
    for commit in &arrival.commits {
        let known = match arrival.seen.as_deref() {
            // A scheduler that is new here may take commits that others know.
            Some(seen) if seen == arrival.tip => book.change_at(place.pair(), &commit.id)?,
            _ => None,
        };
        new.push(if let Some(change) = known {
            change
        } else {
            position += 1;
            added += 1;
            book.add_change(place.pair(), position, &new_change(commit), now)?
        });
    }
    book.put_branch(&Branch {
        repository: place.repository.to_owned(),
        name: place.branch.to_owned(),
        tip: arrival.tip.clone(),
        position,
        born,
        moved: now,
        gone: None,
        trouble: None,
    })?;
    let word = format!("{} does not have it any more", place.branch);
    let is_gone = |revision: &str| arrival.vanished.contains(revision);
    drop_waiting(book, place, &is_gone, &word, now)?;
    for scheduler in &watch.schedulers {
        if !scheduler.watches(place.branch) {
            continue;
        }
        let stranger = arrival
            .first
            .iter()
            .find(|(one, _)| one.name == scheduler.name);
        if stranger.is_some() {
            book.put_interest(&scheduler.name, place.pair(), &Interest::default())?;
        }
        if !matches!(scheduler.trigger, Trigger::Commits { .. }) {
            continue;
        }
        for change in &new {
            let takes = match stranger {
                Some((_, taken)) => taken.contains(&change.revision),
                None => change.seen == now && arrival.seen.as_ref() != Some(&arrival.tip),
            };
            if takes {
                book.add_pending(&scheduler.name, change.id, now)?;
            }
        }
    }
    settle(book, watch, now)?;
    Ok(added)
}

fn new_change(commit: &Commit) -> NewChange {
    NewChange {
        revision: commit.id.clone(),
        parents: commit.parents.clone(),
        author: commit.author.clone(),
        committed: Moment(commit.committed),
        subject: commit.subject.clone(),
        files: commit.files.clone(),
    }
}
