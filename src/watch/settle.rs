use super::after::concerns;
use super::making::{Wish, make};
use super::{Kind, WatchError};
use crate::model::Moment;
use crate::spec::{Collapse, Scheduler, Trigger, Watch};
use crate::store::farm::{Book, Change, PauseKind, Pending};

/// Requests what has waited long enough for more to come, and says when the next of it
/// will have.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn settle(book: &Book<'_>, watch: &Watch, now: Moment) -> Result<Option<Moment>, WatchError> {
    let pauses = book.pauses()?;
    let is_paused = |kind, name: &str| pauses.iter().any(|pause| pause.is_of(kind, name));
    let mut next: Option<Moment> = None;
    for scheduler in &watch.schedulers {
        let Trigger::Commits { settle, settle_max } = scheduler.trigger else {
            continue;
        };
        if is_paused(PauseKind::Scheduler, &scheduler.name) {
            continue;
        }
        let pending = book.pending(&scheduler.name)?;
        for group in pending.chunk_by(|a, b| is_one_branch(&a.change, &b.change)) {
            let due = due(group, settle, settle_max);
            let is_held = is_paused(PauseKind::Branch, &group[0].change.branch);
            if due <= now && !is_held {
                request(book, scheduler, group, now)?;
            } else if !is_held {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
    }
    Ok(next)
}

/// When what waits has waited long enough: the last of it for some quiet, the first of
/// it at most so long.
fn due(group: &[Pending], settle: std::time::Duration, settle_max: std::time::Duration) -> Moment {
    let first = group.iter().map(|pending| pending.since).min();
    let last = group.iter().map(|pending| pending.since).max();
    let first = first.unwrap_or_default().plus(settle_max);
    last.unwrap_or_default().plus(settle).min(first)
}

fn is_one_branch(a: &Change, b: &Change) -> bool {
    a.repository == b.repository && a.branch == b.branch
}

/// Requests the newest of these for all of them, or each.
fn request(
    book: &Book<'_>,
    scheduler: &Scheduler,
    group: &[Pending],
    now: Moment,
) -> Result<(), WatchError> {
    let changes: Vec<Change> = group.iter().map(|pending| pending.change.clone()).collect();
    match scheduler.collapse {
        Collapse::Newest => one(book, scheduler, &changes, now)?,
        Collapse::Never => {
            for change in &changes {
                one(book, scheduler, std::slice::from_ref(change), now)?;
            }
        }
    }
    for change in &changes {
        book.remove_pending(&scheduler.name, change.id)?;
    }
    Ok(())
}

fn one(
    book: &Book<'_>,
    scheduler: &Scheduler,
    covers: &[Change],
    now: Moment,
) -> Result<(), WatchError> {
    let Some(newest) = covers.last() else {
        return Ok(());
    };
    let wish = Wish {
        scheduler,
        repository: &newest.repository,
        branch: &newest.branch,
        revision: &newest.revision,
        position: newest.position,
        kind: Kind::Commit,
        cause: match newest.turn {
            0 => "commit".to_owned(),
            turn => format!("return {turn}"),
        },
        covers,
        reason: match covers.len() {
            1 => "a commit".to_owned(),
            count => format!("{count} commits"),
        },
    };
    if concerns(scheduler, covers) {
        make(book, &wish, now)?;
    } else {
        wish.skip(book, "no file that concerns it has changed", now)?;
    }
    Ok(())
}
