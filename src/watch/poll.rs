use std::time::Duration;

use super::branches::Branches;
use super::news::tell_trouble;
use super::{Remote, WatchError};
use crate::model::Moment;
use crate::source::SourceError;
use crate::spec::Watch;
use crate::store::farm::{Branch, Farm, Repository};

/// So many failures in a row are worth a notice.
const TOLD_AFTER: u32 = 3;
/// What does not answer is asked at least this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What a poll came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polled {
    /// When the repository is asked next.
    pub next: Moment,
    /// Changes that are new.
    pub changes: usize,
    /// Why it could not be asked, if so.
    pub trouble: Option<String>,
    /// Branches that could not be followed, and why.
    pub behind: Vec<(String, String)>,
}

/// Asks a repository where its branches are, and takes in what moved. Where nothing did,
/// that is one listing and no fetch.
///
/// # Errors
/// When what a watcher keeps cannot be read or written. A repository that does not
/// answer is no error: it is noted, and asked again later.
pub fn poll(
    farm: &mut Farm,
    watch: &Watch,
    remote: &dyn Remote,
    now: Moment,
) -> Result<Polled, WatchError> {
    let listed = match remote.heads() {
        Ok(listed) => listed,
        Err(error) => return failed(farm, watch, remote.place(), &error, now),
    };
    let place = remote.place();
    let known: Vec<Branch> = farm.look(|book| book.branches(place).map_err(WatchError::from))?;
    let mut branches = Branches {
        farm,
        watch,
        remote,
        now,
    };
    let (mut changes, mut behind) = (0, Vec::new());
    for branch in known.iter().filter(|branch| branch.gone.is_none()) {
        if !listed.contains_key(&branch.name) {
            branches.gone(branch)?;
        }
    }
    for (name, tip) in &listed {
        if !watch.watches(name) {
            continue;
        }
        let row = known.iter().find(|branch| branch.name == *name);
        match branches.listed(name, tip, row) {
            Ok(new) => changes += new,
            // One bad branch holds no other up, and is where it was.
            Err(WatchError::Source(error)) => {
                branches.behind(row, &error)?;
                behind.push((name.clone(), error.to_string()));
            }
            Err(error) => return Err(error),
        }
    }
    let next = answered(farm, watch, place, now)?;
    Ok(Polled {
        next,
        changes,
        trouble: None,
        behind,
    })
}

/// Notes that a repository answered.
fn answered(
    farm: &mut Farm,
    watch: &Watch,
    place: &str,
    now: Moment,
) -> Result<Moment, WatchError> {
    let next = now.plus(watch.interval);
    farm.within(|book| {
        let before = book.repository(place)?;
        book.put_repository(&Repository {
            place: place.to_owned(),
            polled: Some(now),
            good: Some(now),
            failures: 0,
            trouble: None,
            next,
        })?;
        if before.failures >= TOLD_AFTER {
            let since = before.good.unwrap_or(now);
            let id = format!("repository-back {place} {}", since.0);
            tell_trouble(book, watch, &id, &format!("{place} answers again"), now)?;
        }
        Ok(next)
    })
}

/// Notes that it did not, and asks less often from then on.
fn failed(
    farm: &mut Farm,
    watch: &Watch,
    place: &str,
    error: &SourceError,
    now: Moment,
) -> Result<Polled, WatchError> {
    let trouble = error.to_string();
    farm.within(|book| {
        let before = book.repository(place)?;
        let failures = before.failures.saturating_add(1);
        let next = now.plus(pause(watch.interval, failures));
        if failures == TOLD_AFTER {
            let since = before.good.unwrap_or_default();
            let id = format!("repository-away {place} {}", since.0);
            let words = format!("{failures} polls in a row failed: {trouble}");
            tell_trouble(book, watch, &id, &words, now)?;
        }
        book.put_repository(&Repository {
            polled: Some(now),
            failures,
            trouble: Some(trouble.clone()),
            next,
            ..before
        })?;
        Ok(Polled {
            next,
            changes: 0,
            trouble: Some(trouble.clone()),
            behind: Vec::new(),
        })
    })
}

/// Twice as long each time, up to an hour, and not at the same moment as everybody else
/// who lost the same server.
fn pause(interval: Duration, failures: u32) -> Duration {
    let longest = LONGEST_PAUSE.max(interval);
    let doubled = interval.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled
        .min(longest)
        .mul_f64(0.75 + fastrand::f64() / 4.0)
        .max(interval / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_answer_is_asked_less_and_less_up_to_an_hour() {
        let interval = Duration::from_secs(300);
        let mut last = Duration::ZERO;
        for failures in [1, 2, 3, 4] {
            let pause = pause(interval, failures);
            assert!(pause > last, "{failures}");
            last = pause;
        }
        assert!(pause(interval, 1000) <= LONGEST_PAUSE);
        assert!(pause(interval, 1000) >= LONGEST_PAUSE / 2);
        let daily = Duration::from_secs(86_400);
        assert!(pause(daily, 1000) <= daily);
    }
}
