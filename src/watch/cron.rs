use std::time::Duration;

use super::making::{Wish, make};
use super::{Calendar, Kind, WatchError};
use crate::model::{Moment, short};
use crate::spec::{Cron, Scheduler, Trigger, Watch};
use crate::store::farm::{Book, Branch, PauseKind, SchedulerRow};

/// What is later than this was missed: whoever watched was not there.
const LATE: Duration = Duration::from_secs(600);

/// Sets off the schedulers whose time has come, and says when the next one's will have.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn fire(
    book: &Book<'_>,
    watch: &Watch,
    repositories: &[String],
    now: Moment,
) -> Result<Option<Moment>, WatchError> {
    let mut next: Option<Moment> = None;
    for scheduler in &watch.schedulers {
        let Trigger::Cron(cron) = &scheduler.trigger else {
            continue;
        };
        let calendar = Calendar::new(cron)?;
        let row = book.scheduler(&scheduler.name, now)?;
        // A clock that was set back does not wait for what was done before it was.
        let since = row.fired.unwrap_or(row.began);
        if let Some((wall, at)) = calendar.last_by(now)
            && at > since
        {
            let word = if now.since(at) > LATE && !cron.catch_up {
                format!("missed at {wall}: nobody watched")
            } else {
                let due = Due {
                    scheduler,
                    cron,
                    wall: wall.to_string(),
                    now,
                };
                due.request(book, repositories)?
            };
            let row = SchedulerRow {
                fired: Some(at),
                word: Some(word),
                ..row
            };
            book.put_scheduler(&scheduler.name, &row)?;
        }
        if let Some((_, at)) = calendar.next_after(now.max(since)) {
            next = Some(next.map_or(at, |next| next.min(at)));
        }
    }
    Ok(next)
}

/// A scheduler whose time has come.
struct Due<'a> {
    scheduler: &'a Scheduler,
    cron: &'a Cron,
    /// The time on the wall for which it is due: the same in every repetition of it.
    wall: String,
    now: Moment,
}

impl Due<'_> {
    /// Requests what is due of all branches, and says what it did.
    fn request(&self, book: &Book<'_>, repositories: &[String]) -> Result<String, WatchError> {
        let pauses = book.pauses()?;
        let is_paused = |kind, name: &str| pauses.iter().any(|pause| pause.is_of(kind, name));
        if is_paused(PauseKind::Scheduler, &self.scheduler.name) {
            return Ok("paused".to_owned());
        }
        let mut words = Vec::new();
        for repository in repositories {
            for branch in book.branches(repository)? {
                if branch.gone.is_some() || !self.scheduler.watches(&branch.name) {
                    continue;
                }
                let why_not = if is_paused(PauseKind::Branch, &branch.name) {
                    Some("paused".to_owned())
                } else {
                    self.is_needless(book, &branch)?
                };
                words.push(if let Some(why) = why_not {
                    format!("{}: {why}", branch.name)
                } else {
                    self.request_one(book, &branch)?;
                    format!("{}: requested", branch.name)
                });
            }
        }
        Ok(words.join("; "))
    }

    /// Why a branch need not be run, if so.
    fn is_needless(&self, book: &Book<'_>, branch: &Branch) -> Result<Option<String>, WatchError> {
        if !self.cron.only_if_changed {
            return Ok(None);
        }
        let place = (branch.repository.as_str(), branch.name.as_str());
        let interest = book.interest(&self.scheduler.name, place)?;
        let Some((completed, at)) =
            interest.and_then(|interest| Some((interest.completed?, interest.at?)))
        else {
            return Ok(None);
        };
        let is_old = self
            .cron
            .force_every
            .is_some_and(|every| self.now.since(at) >= every);
        let short = short(&completed);
        Ok((completed == branch.tip && !is_old).then(|| format!("nothing new since {short}")))
    }

    fn request_one(&self, book: &Book<'_>, branch: &Branch) -> Result<(), WatchError> {
        let place = (branch.repository.as_str(), branch.name.as_str());
        let covers: Vec<_> = book.change_at(place, &branch.tip)?.into_iter().collect();
        let wish = Wish {
            scheduler: self.scheduler,
            repository: &branch.repository,
            branch: &branch.name,
            revision: &branch.tip,
            position: branch.position,
            kind: Kind::Cron,
            cause: format!("due {}", self.wall),
            covers: &covers,
            reason: format!("due {} {}", self.wall, self.cron.zone),
        };
        make(book, &wish, self.now)?;
        Ok(())
    }
}
