use super::{Kind, WatchError};
use crate::model::Moment;
use crate::spec::{Collapse, Scheduler};
use crate::store::farm::{Book, Change, Ended, NewRequest, Progress, QueuedRequest};

/// So many runs in a row are cancelled for newer commits; the next one is let finish.
const CANCELLED_IN_A_ROW: u32 = 3;

/// What a scheduler wants to be run.
pub struct Wish<'a> {
    pub scheduler: &'a Scheduler,
    pub repository: &'a str,
    pub branch: &'a str,
    pub revision: &'a str,
    pub position: i64,
    pub kind: Kind,
    pub cause: String,
    /// What it stands for.
    pub covers: &'a [Change],
    pub reason: String,
}

/// Requests what is wished, once; what it makes needless is ended with that reason.
pub fn make(book: &Book<'_>, wish: &Wish<'_>, now: Moment) -> Result<Option<i64>, WatchError> {
    let new = wish.request();
    let Some(id) = book.add_request(&new, now)? else {
        return Ok(None);
    };
    for change in wish.covers {
        book.cover(id, change.id)?;
    }
    if wish.kind.collapses() {
        supersede(book, wish, &new, id, now)?;
    }
    Ok(Some(id))
}

impl Wish<'_> {
    fn request(&self) -> NewRequest {
        NewRequest {
            repository: self.repository.to_owned(),
            branch: self.branch.to_owned(),
            revision: self.revision.to_owned(),
            scheduler: self.scheduler.name.clone(),
            cause: self.cause.clone(),
            kind: self.kind.as_str().to_owned(),
            position: self.position,
            job: serde_json::to_string(&self.scheduler.job).unwrap_or_default(),
            priority: self.scheduler.priority,
            locks: self.scheduler.locks.clone(),
            who: String::new(),
            reason: self.reason.clone(),
        }
    }

    /// Keeps that it was not requested, and why.
    pub fn skip(&self, book: &Book<'_>, why: &str, now: Moment) -> Result<(), WatchError> {
        let Some(id) = book.add_request(&self.request(), now)? else {
            return Ok(());
        };
        for change in self.covers {
            book.cover(id, change.id)?;
        }
        let ended = Ended {
            at: now,
            outcome: "unneeded".to_owned(),
            word: why.to_owned(),
            superseded: None,
        };
        book.end_request(id, &ended)?;
        Ok(())
    }
}

/// Lets a new request stand for older ones of the same scheduler on the same branch.
fn supersede(
    book: &Book<'_>,
    wish: &Wish<'_>,
    new: &NewRequest,
    id: i64,
    now: Moment,
) -> Result<(), WatchError> {
    let collapses = wish.scheduler.collapse == Collapse::Newest;
    for older in book.open_requests()? {
        if older.id == id || !is_same_question(&older, new) {
            continue;
        }
        match older.progress {
            Progress::Waiting if collapses => {
                for change in book.covered(older.id)? {
                    book.cover(id, change.id)?;
                }
                let ended = Ended {
                    at: now,
                    outcome: "superseded".to_owned(),
                    word: format!("request {id} stands for it"),
                    superseded: Some(id),
                };
                book.end_request(older.id, &ended)?;
            }
            Progress::Running if wish.scheduler.cancel_superseded && wish.kind == Kind::Commit => {
                let place = (wish.repository, wish.branch);
                let interest = book.interest(&wish.scheduler.name, place)?;
                let cancelled = interest.map_or(0, |interest| interest.cancelled);
                if cancelled < CANCELLED_IN_A_ROW {
                    book.ask_to_end(older.id, &format!("superseded by request {id}"))?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether two requests differ in their commit alone.
fn is_same_question(older: &QueuedRequest, new: &NewRequest) -> bool {
    let old = &older.asked;
    old.repository == new.repository
        && old.branch == new.branch
        && old.scheduler == new.scheduler
        && old.kind == new.kind
        && old.job == new.job
}
