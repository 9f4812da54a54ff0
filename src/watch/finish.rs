use super::after::is_decided;
use super::ending::{Ending, Verdicts};
use super::hunt::{begin_hunts, witness};
use super::news::{News, tell, tell_trouble};
use super::verdict::{Judged, Turn, judge};
use super::{Kind, WatchError};
use crate::model::{Moment, Outcome};
use crate::spec::{Job, Watch};
use crate::store::farm::{Book, Ended, Farm, Interest, Progress, QueuedRequest};

/// The mark that a trouble of ours was told, at the time of the last one.
pub const TROUBLE: &str = "trouble";

/// Ends a request: how its cells stand, whom that concerns, what comes after it, all at
/// once. A request that had ended is left as it is.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn finish(
    farm: &mut Farm,
    watch: &Watch,
    id: i64,
    ending: &Ending,
    now: Moment,
) -> Result<(), WatchError> {
    farm.within(|book| {
        let Some(request) = book.request(id)? else {
            return Ok(());
        };
        if matches!(request.progress, Progress::Ended(_)) {
            return Ok(());
        }
        book.end_attempt(id, ending.outcome(), now)?;
        note_completed(book, &request, ending, now)?;
        witness(book, &request, ending)?;
        match ending {
            Ending::Run(verdicts) => take_verdicts(book, watch, &request, verdicts, now)?,
            Ending::Without { outcome, word } => {
                if outcome == "infrastructure" {
                    tell_once(book, watch, &request, word, now)?;
                }
                if is_told(outcome) && counts(book, &request)? {
                    tell(book, watch, &News::of(&request, outcome), now)?;
                }
            }
        }
        let ended = Ended {
            at: now,
            outcome: ending.outcome().to_owned(),
            word: match ending {
                Ending::Run(_) => request.cancel.clone().unwrap_or_default(),
                Ending::Without { word, .. } => word.clone(),
            },
            superseded: None,
        };
        book.end_request(request.id, &ended)?;
        Ok(())
    })
}

/// Notes what a scheduler has completed of a branch, and what was cancelled.
fn note_completed(
    book: &Book<'_>,
    request: &QueuedRequest,
    ending: &Ending,
    now: Moment,
) -> Result<(), WatchError> {
    let asked = &request.asked;
    let place = (asked.repository.as_str(), asked.branch.as_str());
    let Some(before) = book.interest(&asked.scheduler, place)? else {
        return Ok(());
    };
    let interest = match ending.outcome() {
        outcome if is_decided(outcome) => Interest {
            completed: Some(asked.revision.clone()),
            at: Some(now),
            cancelled: 0,
        },
        "cancelled" if is_superseded(request) => Interest {
            cancelled: before.cancelled + 1,
            ..before
        },
        _ => return Ok(()),
    };
    Ok(book.put_interest(&asked.scheduler, place, &interest)?)
}

fn is_superseded(request: &QueuedRequest) -> bool {
    let cancel = request.cancel.as_deref();
    cancel.is_some_and(|why| why.starts_with("superseded"))
}

/// Judges cells one by one, and writes down whom to tell of what turned.
fn take_verdicts(
    book: &Book<'_>,
    watch: &Watch,
    request: &QueuedRequest,
    verdicts: &Verdicts,
    now: Moment,
) -> Result<(), WatchError> {
    let asked = &request.asked;
    if !Kind::of(&asked.kind).is_none_or(Kind::decides) {
        return note_trouble(book, watch, request, verdicts, now);
    }
    if !counts(book, request)? {
        return Ok(());
    }
    let place = (asked.repository.as_str(), asked.branch.as_str());
    let question = question(&asked.job);
    let judged = Judged {
        repository: place.0,
        branch: place.1,
        question: &question,
        position: asked.position,
        run: &verdicts.run,
        now,
    };
    let mut news = News::of(request, verdicts.outcome.as_str());
    news.run_by(verdicts);
    let (mut good, mut turned) = (None, Vec::new());
    for cell in &verdicts.cells {
        let before = book.standing(place, &question, &cell.cell)?;
        let Some((standing, turn)) = judge(&judged, before.as_ref(), cell) else {
            continue;
        };
        book.put_standing(&standing)?;
        if let Some(turn) = turn {
            news.add(turn, &standing, before.as_ref());
            let known = before.and_then(|before| before.good);
            let last = known.unwrap_or(0);
            if let (Turn::Red, Some(good)) = (turn, known) {
                turned.push((standing, good));
            }
            good = Some(good.map_or(last, |good: i64| good.min(last)));
        }
    }
    note_trouble(book, watch, request, verdicts, now)?;
    if let Some(good) = good {
        news.blame(book.changes_between(place, good, asked.position)?);
    }
    if good.is_some() || is_told(verdicts.outcome.as_str()) {
        tell(book, watch, &news, now)?;
    }
    begin_hunts(book, watch, request, verdicts, &turned, now)
}

/// Tells of a run that came to nothing, or notes that something was tested again.
fn note_trouble(
    book: &Book<'_>,
    watch: &Watch,
    request: &QueuedRequest,
    verdicts: &Verdicts,
    now: Moment,
) -> Result<(), WatchError> {
    if verdicts.outcome == Outcome::Infrastructure {
        let branch = &request.asked.branch;
        let word = format!("run {} of {branch} is infrastructure", verdicts.run);
        tell_once(book, watch, request, &word, now)?;
    } else if is_decided(verdicts.outcome.as_str()) {
        book.unbeat(TROUBLE)?;
    }
    Ok(())
}

/// Whether verdicts of a request say how its branch stands.
fn counts(book: &Book<'_>, request: &QueuedRequest) -> Result<bool, WatchError> {
    let asked = &request.asked;
    if !Kind::of(&asked.kind).is_none_or(Kind::decides) {
        return Ok(false);
    }
    // What is over is over: a branch of the same name may have been made since.
    let branch = book.branch(&asked.repository, &asked.branch)?;
    Ok(!branch.is_some_and(|branch| branch.gone.is_some() || asked.position <= branch.born))
}

/// Whether those who hear of every run hear of one that came to this.
fn is_told(outcome: &str) -> bool {
    is_decided(outcome) || outcome == Outcome::Infrastructure.as_str()
}

/// Tells of a trouble of ours, and of no other until something was tested again: all the
/// cells and runs of a dead engine are one trouble.
fn tell_once(
    book: &Book<'_>,
    watch: &Watch,
    request: &QueuedRequest,
    word: &str,
    now: Moment,
) -> Result<(), WatchError> {
    if book.beats()?.iter().all(|beat| beat.part != TROUBLE) {
        tell_trouble(book, watch, &format!("request {}", request.id), word, now)?;
    }
    Ok(book.beat(TROUBLE, now)?)
}

/// What is asked of cells: labels and flags. The same cell may stand well in one question
/// and badly in another.
pub fn question(job: &str) -> String {
    match serde_json::from_str(job) {
        Ok(Job::Suite(suite)) => [suite.labels, suite.flags].concat().join(" "),
        Err(_) => String::new(),
    }
}
