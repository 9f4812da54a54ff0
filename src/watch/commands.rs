use super::{Kind, NOBODY, WatchError};
use crate::model::Moment;
use crate::spec::{Job, Watch};
use crate::store::farm::{
    Book, Branch, Ended, NewRequest, OutboxRow, Pause, PauseKind, Posted, Progress, QueuedRequest,
};

/// Something that somebody wants to be run now.
#[derive(Debug, Clone)]
pub struct Force<'a> {
    /// The branch.
    pub branch: &'a str,
    /// What of it.
    pub job: &'a Job,
    /// Who wants it.
    pub who: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// Requests the tip of a branch, whatever schedulers say. It goes before all that they
/// requested.
///
/// # Errors
/// When there is no such branch.
pub fn force(
    book: &Book<'_>,
    watch: &Watch,
    places: &[String],
    wanted: &Force<'_>,
    now: Moment,
) -> Result<i64, WatchError> {
    let branch = find_branch(book, places, wanted.branch)?;
    let new = NewRequest {
        repository: branch.repository,
        branch: branch.name,
        revision: branch.tip,
        scheduler: NOBODY.to_owned(),
        cause: format!("forced {}", now.0),
        kind: Kind::Forced.as_str().to_owned(),
        position: branch.position,
        job: serde_json::to_string(wanted.job).unwrap_or_default(),
        priority: first_of_all(watch),
        locks: Vec::new(),
        who: wanted.who.to_owned(),
        reason: wanted.reason.to_owned(),
    };
    let made = book.add_request(&new, now)?;
    made.ok_or_else(|| WatchError::Refused("this was asked for this very moment".to_owned()))
}

/// The priority of what people want, which is that of nothing else.
pub fn first_of_all(watch: &Watch) -> i32 {
    let first = |priority: i32, scheduler: &crate::spec::Scheduler| {
        priority.max(scheduler.priority.saturating_add(1))
    };
    watch.schedulers.iter().fold(1, first)
}

/// The branch of this name that is watched.
///
/// # Errors
/// When there is none.
pub fn find_branch(book: &Book<'_>, places: &[String], name: &str) -> Result<Branch, WatchError> {
    let mut known = Vec::new();
    for place in places {
        for branch in book.branches(place)? {
            if branch.gone.is_none() {
                if branch.name == name {
                    return Ok(branch);
                }
                known.push(branch.name);
            }
        }
    }
    Err(WatchError::Refused(if known.is_empty() {
        "no branch has been seen yet: `djbuild watch` has to look first".to_owned()
    } else {
        let words: Vec<&str> = known.iter().map(String::as_str).collect();
        match crate::spec::nearest(name, &words) {
            Some(near) => format!("no branch {name} is watched; did you mean {near}?"),
            None => format!(
                "no branch {name} is watched; there are {}",
                words.join(", ")
            ),
        }
    }))
}

/// What a word names that can be paused: a branch or a scheduler; no word is everything.
///
/// # Errors
/// When it names neither.
pub fn pausable(
    book: &Book<'_>,
    watch: &Watch,
    places: &[String],
    word: Option<&str>,
) -> Result<(PauseKind, String), WatchError> {
    let Some(word) = word else {
        return Ok((PauseKind::All, String::new()));
    };
    if watch
        .schedulers
        .iter()
        .any(|scheduler| scheduler.name == word)
    {
        return Ok((PauseKind::Scheduler, word.to_owned()));
    }
    let branch = find_branch(book, places, word)?;
    Ok((PauseKind::Branch, branch.name))
}

/// Begins nothing more of it until it is resumed.
///
/// # Errors
/// When what a watcher keeps cannot be written.
pub fn pause(
    book: &Book<'_>,
    (kind, name): (PauseKind, String),
    who: &str,
    now: Moment,
) -> Result<(), WatchError> {
    Ok(book.pause(&Pause {
        kind,
        name,
        at: now,
        who: who.to_owned(),
    })?)
}

/// Ends a request, or has it end that is carried out.
///
/// # Errors
/// When there is no such request, or it has ended.
pub fn cancel(
    book: &Book<'_>,
    id: i64,
    who: &str,
    now: Moment,
) -> Result<QueuedRequest, WatchError> {
    let request = book
        .request(id)?
        .ok_or_else(|| WatchError::Refused(format!("there is no request {id}")))?;
    let word = format!("cancelled by {who}");
    match &request.progress {
        Progress::Running => book.ask_to_end(id, &word)?,
        Progress::Waiting => {
            let ended = Ended {
                at: now,
                outcome: "cancelled".to_owned(),
                word,
                superseded: None,
            };
            book.end_request(request.id, &ended)?;
        }
        Progress::Ended(ended) => {
            let outcome = &ended.outcome;
            return Err(WatchError::Refused(format!(
                "request {id} has ended: {outcome}"
            )));
        }
    }
    Ok(request)
}

/// Has a notice sent again, or at last.
///
/// # Errors
/// When there is no such notice.
pub fn resend(book: &Book<'_>, id: &str, now: Moment) -> Result<OutboxRow, WatchError> {
    let row = book
        .notice(id)?
        .ok_or_else(|| WatchError::Refused(format!("there is no notice {id}")))?;
    let again = OutboxRow {
        posted: Posted::Waiting,
        tries: 0,
        made: now,
        next: now,
        trouble: None,
        ..row
    };
    book.put_posted(&again)?;
    Ok(again)
}
