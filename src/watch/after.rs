use super::making::{Wish, make};
use super::{Kind, WatchError};
use crate::spec::{Release, Trigger, Watch};
use crate::store::farm::{Book, Change, Ended, Progress, QueuedRequest};

/// Requests what comes after requests that have ended, or says why not: for every end
/// once, and for the ends that come of it.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn follow(book: &Book<'_>, watch: &Watch) -> Result<(), WatchError> {
    loop {
        let ended = book.unfollowed()?;
        if ended.is_empty() {
            return Ok(());
        }
        for request in ended {
            if let Progress::Ended(ended) = &request.progress {
                release(book, watch, &request, ended)?;
            }
            book.note_followed(request.id)?;
        }
    }
}

fn release(
    book: &Book<'_>,
    watch: &Watch,
    upstream: &QueuedRequest,
    ended: &Ended,
) -> Result<(), WatchError> {
    // What somebody tries or searches sets nothing off.
    let asked = &upstream.asked;
    if Kind::of(&asked.kind).is_some_and(|kind| !kind.decides()) {
        return Ok(());
    }
    for scheduler in &watch.schedulers {
        let Trigger::After {
            scheduler: name,
            release,
        } = &scheduler.trigger
        else {
            continue;
        };
        if *name != asked.scheduler || !scheduler.watches(&asked.branch) {
            continue;
        }
        let covers = book.covered(upstream.id)?;
        let why = (!releases(*release, &ended.outcome))
            .then(|| format!("request {} of {name} is {}", upstream.id, ended.outcome))
            .or_else(|| {
                (!concerns(scheduler, &covers))
                    .then(|| "no file that concerns it has changed".to_owned())
            });
        let wish = Wish {
            scheduler,
            repository: &asked.repository,
            branch: &asked.branch,
            revision: &asked.revision,
            position: asked.position,
            kind: Kind::After,
            cause: format!("after request {}", upstream.id),
            covers: &covers,
            reason: format!("after {name}"),
        };
        match why {
            None => {
                make(book, &wish, ended.at)?;
            }
            Some(why) => wish.skip(book, &why, ended.at)?,
        }
    }
    Ok(())
}

fn releases(release: Release, outcome: &str) -> bool {
    match release {
        Release::Passed => outcome == "passed",
        Release::Decided => is_decided(outcome),
    }
}

/// Whether a run that came to this has said something of Django.
pub fn is_decided(outcome: &str) -> bool {
    matches!(outcome, "passed" | "failed" | "errored" | "empty")
}

/// Whether changes concern a scheduler, all together.
pub fn concerns(scheduler: &crate::spec::Scheduler, changes: &[Change]) -> bool {
    let mut union: Option<Vec<&str>> = Some(Vec::new());
    for change in changes {
        match (&mut union, &change.files) {
            // A commit that changes nothing is asked about as one that may change all.
            (Some(all), Some(files)) if !files.is_empty() => {
                all.extend(files.iter().map(String::as_str));
            }
            _ => union = None,
        }
    }
    scheduler.files.concern(union)
}
