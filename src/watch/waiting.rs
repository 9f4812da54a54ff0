use std::collections::BTreeSet;

use super::hunt::{drop_hunts, wanted_revisions};
use super::place::Place;
use super::{Kind, WatchError};
use crate::model::Moment;
use crate::store::farm::{Book, Change, Ended, Progress, QueuedRequest};

/// The commits of a branch that somebody waits for.
pub fn waiting_revisions(
    book: &Book<'_>,
    place: &Place<'_>,
) -> Result<BTreeSet<String>, WatchError> {
    let mut revisions: BTreeSet<String> = waiting(book, place)?
        .into_iter()
        .map(|request| request.asked.revision)
        .collect();
    let pending = pending(book, place)?.into_iter();
    revisions.extend(pending.map(|(_, change)| change.revision));
    revisions.extend(wanted_revisions(book, place)?);
    Ok(revisions)
}

/// Ends what waits for commits of a branch that are gone. What somebody wanted by name
/// stays: its commit is kept here.
pub fn drop_waiting(
    book: &Book<'_>,
    place: &Place<'_>,
    is_gone: &dyn Fn(&str) -> bool,
    word: &str,
    now: Moment,
) -> Result<(), WatchError> {
    for (scheduler, change) in pending(book, place)? {
        if is_gone(&change.revision) {
            book.remove_pending(&scheduler, change.id)?;
        }
    }
    for request in waiting(book, place)? {
        let is_wanted = matches!(
            Kind::of(&request.asked.kind),
            Some(Kind::Forced | Kind::Try | Kind::Bisect)
        );
        if !is_wanted && is_gone(&request.asked.revision) {
            let ended = Ended {
                at: now,
                outcome: "superseded".to_owned(),
                word: word.to_owned(),
                superseded: None,
            };
            book.end_request(request.id, &ended)?;
        }
    }
    drop_hunts(book, place, is_gone, word, now)
}

/// The changes of a branch that schedulers wait with.
fn pending(book: &Book<'_>, place: &Place<'_>) -> Result<Vec<(String, Change)>, WatchError> {
    let mut found = Vec::new();
    for scheduler in book.waited_for()? {
        for pending in book.pending(&scheduler)? {
            let change = pending.change;
            if (change.repository.as_str(), change.branch.as_str()) == place.pair() {
                found.push((scheduler.clone(), change));
            }
        }
    }
    Ok(found)
}

fn waiting(book: &Book<'_>, place: &Place<'_>) -> Result<Vec<QueuedRequest>, WatchError> {
    let mut open = book.open_requests()?;
    open.retain(|request| {
        request.progress == Progress::Waiting
            && (
                request.asked.repository.as_str(),
                request.asked.branch.as_str(),
            ) == place.pair()
    });
    Ok(open)
}
