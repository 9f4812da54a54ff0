use super::WatchError;
use super::arrival::{arrive, look};
use super::place::Place;
use super::remote::Remote;
use super::waiting::{drop_waiting, waiting_revisions};
use crate::model::Moment;
use crate::source::SourceError;
use crate::spec::{Scheduler, Watch};
use crate::store::farm::{Branch, Farm};

/// The branches of a repository, as they are found to be.
pub struct Branches<'a> {
    pub farm: &'a mut Farm,
    pub watch: &'a Watch,
    pub remote: &'a dyn Remote,
    pub now: Moment,
}

impl<'a> Branches<'a> {
    /// Takes in where a branch is, and says how many changes are new.
    ///
    /// # Errors
    /// When its commits cannot be read: then nothing of it is changed.
    pub fn listed(
        &mut self,
        name: &str,
        tip: &str,
        known: Option<&Branch>,
    ) -> Result<usize, WatchError> {
        let known = known.filter(|branch| branch.gone.is_none());
        let place = Place {
            repository: self.remote.place(),
            branch: name,
        };
        let strangers = self.strangers(&place)?;
        let is_where_it_was =
            known.is_some_and(|branch| branch.tip == tip && branch.trouble.is_none());
        if is_where_it_was && strangers.is_empty() {
            return Ok(0);
        }
        let waits = self.farm.look(|book| waiting_revisions(book, &place))?;
        let seen = known.map(|branch| branch.tip.as_str());
        let arrival = look(self.remote, name, seen, strangers, &waits)?;
        let (watch, now) = (self.watch, self.now);
        self.farm
            .within(|book| arrive(book, watch, &place, &arrival, now))
    }

    /// Takes in that a branch is not there any more.
    ///
    /// # Errors
    /// When what a watcher keeps cannot be written.
    pub fn gone(&mut self, branch: &Branch) -> Result<(), WatchError> {
        let now = self.now;
        let place = Place {
            repository: &branch.repository,
            branch: &branch.name,
        };
        self.farm.within(|book| {
            book.put_branch(&Branch {
                gone: Some(now),
                trouble: None,
                ..branch.clone()
            })?;
            // If it comes again, it is a new one of the same name.
            book.forget_interest(place.repository, place.branch)?;
            book.forget_standings(place.repository, place.branch)?;
            let word = format!("{} was deleted", branch.name);
            drop_waiting(book, &place, &|_| true, &word, now)
        })
    }

    /// Notes that a branch could not be followed: it is looked at again with each poll.
    ///
    /// # Errors
    /// When what a watcher keeps cannot be written.
    pub fn behind(
        &mut self,
        known: Option<&Branch>,
        error: &SourceError,
    ) -> Result<(), WatchError> {
        // One that was never read has no row, and is new with the next poll too.
        let Some(known) = known else {
            return Ok(());
        };
        self.farm.within(|book| {
            let row = Branch {
                trouble: Some(error.to_string()),
                ..known.clone()
            };
            Ok(book.put_branch(&row)?)
        })
    }

    /// The schedulers that see a branch for the first time.
    fn strangers(&mut self, place: &Place<'_>) -> Result<Vec<&'a Scheduler>, WatchError> {
        let watch = self.watch;
        self.farm.look(|book| {
            let mut strangers = Vec::new();
            for scheduler in &watch.schedulers {
                if scheduler.watches(place.branch)
                    && book.interest(&scheduler.name, place.pair())?.is_none()
                {
                    strangers.push(scheduler);
                }
            }
            Ok(strangers)
        })
    }
}
