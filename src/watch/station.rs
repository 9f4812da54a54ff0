use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::JoinSet;

use super::carry::fate;
use super::happening::{Happening, OnHappening};
use super::helm::ReadAgain;
use super::rounds::Rounds;
use super::wrong_file::WrongFile;
use super::{
    Ending, Helm, Orders, Post, WatchError, adopt, claim, finish, fire, follow, obstacles, recover,
    seek, settle,
};
use crate::engine::{Cancel, Canceller, Engine};
use crate::event::Summary;
use crate::model::Moment;
use crate::run::Home;
use crate::source::Watched;
use crate::store::farm::Farm;

/// What another process has changed is seen after so long.
const TICK: Duration = Duration::from_secs(1);
/// So many runs go on at once; their cells share the engine's places.
const RUNS: usize = 2;

/// Whether a watcher goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Until it is told to end.
    Stopped,
    /// Until each repository was asked once and what was due is done.
    Done,
}

/// A watcher at work.
pub struct Station {
    /// Where things are kept.
    pub home: Home,
    /// Where it is told what to go by.
    pub helm: Arc<Helm>,
    /// How its file is read again.
    pub read_again: Box<ReadAgain>,
    /// The container engine.
    pub engine: Arc<Engine>,
    /// Who brings notices.
    pub post: Arc<dyn Post + Send + Sync>,
    /// Who is told what happens.
    pub on: Arc<OnHappening>,
}

/// What is going on.
pub(super) struct Work {
    pub(super) polls: JoinSet<Asked>,
    /// The repositories that are being asked, by their places.
    pub(super) polling: BTreeSet<String>,
    pub(super) asked: BTreeSet<String>,
    pub(super) sends: JoinSet<(String, Result<(), WatchError>)>,
    pub(super) sending: BTreeSet<String>,
    pub(super) runs: JoinSet<(i64, Ending, Option<Box<Summary>>)>,
    pub(super) running: BTreeMap<i64, Canceller>,
    /// What ended and is not kept yet.
    pub(super) unkept: Vec<(i64, Ending)>,
    pub(super) rounds: Rounds,
    /// Whether something was kept under orders that are not those of now.
    pub(super) is_outdated: bool,
}

/// A repository that was asked, and what came of it.
pub(super) struct Asked {
    pub(super) place: String,
    pub(super) orders: Arc<Orders>,
    pub(super) result: Result<Option<String>, WatchError>,
}

impl Station {
    /// Watches, and returns how what it ran ended. `stop` lets what runs end and begins
    /// nothing more; `cancel` ends what runs.
    ///
    /// # Errors
    /// When what a watcher keeps cannot be read or written at the beginning.
    pub async fn work(
        &self,
        until: Until,
        stop: &Cancel,
        cancel: &Cancel,
    ) -> Result<Vec<Ending>, WatchError> {
        let mut farm = self.home.state.farm()?;
        let (orders, now) = (self.helm.orders(), now());
        farm.within(|book| adopt(book, &orders.watch, now))?;
        recover(&mut farm, &orders.watch, &|run| fate(&self.home, run), now)?;
        WrongFile::of(&self.home).note(None)?;
        let mut work = Work {
            polls: JoinSet::new(),
            polling: BTreeSet::new(),
            asked: BTreeSet::new(),
            sends: JoinSet::new(),
            sending: BTreeSet::new(),
            runs: JoinSet::new(),
            running: BTreeMap::new(),
            unkept: Vec::new(),
            rounds: Rounds::default(),
            is_outdated: false,
        };
        let mut ended = Vec::new();
        loop {
            let is_last = stop.is_cancelled();
            self.read_again(&mut farm, &mut work);
            self.stop_cells(&work);
            let step = self.step(&mut farm, &mut work, until, (stop, cancel));
            let is_idle = match step {
                Ok(is_idle) => {
                    (self.on)(Happening::Stepped);
                    is_idle
                }
                Err(error) => {
                    (self.on)(Happening::Trouble(error.to_string()));
                    false
                }
            };
            let is_done = until == Until::Done && is_idle;
            if (is_last || is_done) && work.runs.is_empty() && work.sends.is_empty() {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                () = stop.cancelled(), if !is_last => {}
                () = self.helm.woken() => {}
                Some(Ok(asked)) = work.polls.join_next() => {
                    work.polling.remove(&asked.place);
                    work.asked.insert(asked.place);
                    work.is_outdated |= !Arc::ptr_eq(&asked.orders, &self.helm.orders());
                    match asked.result {
                        // Who looks once wants to know that it could not.
                        Ok(Some(trouble)) if until == Until::Done => {
                            ended.push(Ending::without("infrastructure", &trouble));
                        }
                        Ok(_) => {}
                        Err(error) => (self.on)(Happening::Trouble(error.to_string())),
                    }
                }
                Some(Ok((receiver, result))) = work.sends.join_next() => {
                    work.sending.remove(&receiver);
                    if let Err(error) = result {
                        (self.on)(Happening::Trouble(error.to_string()));
                    }
                }
                Some(Ok((request, ending, summary))) = work.runs.join_next() => {
                    work.running.remove(&request);
                    work.unkept.push((request, ending.clone()));
                    ended.push(ending.clone());
                    (self.on)(Happening::Ended { request, ending, summary });
                }
            }
        }
        farm.within(|book| book.unbeat("scheduler").map_err(WatchError::from))?;
        Ok(ended)
    }

    /// Ends cells that somebody wants to end alone.
    fn stop_cells(&self, work: &Work) {
        for (cell, asker) in self.helm.stops() {
            let pressed = work.running.values().map(|run| run.press_part(&cell));
            // Whoever asked may have gone.
            let _ = asker.send(pressed.fold(false, |any, one| any | one));
        }
    }

    /// Does what is to be done now, and says whether nothing is.
    fn step(
        &self,
        farm: &mut Farm,
        work: &mut Work,
        until: Until,
        (stop, cancel): (&Cancel, &Cancel),
    ) -> Result<bool, WatchError> {
        let (orders, now) = (self.helm.orders(), now());
        if work.is_outdated {
            farm.within(|book| adopt(book, &orders.watch, now))?;
            work.is_outdated = false;
        }
        if !stop.is_cancelled() {
            self.begin_polls(farm, work, until, now)?;
        }
        while let Some((request, ending)) = work.unkept.last() {
            // A disk may be full for a while: it is tried again with each step.
            finish(farm, &orders.watch, *request, ending, now)?;
            work.unkept.pop();
            work.rounds.last = None;
        }
        let settles = self.look_around(farm, &mut work.rounds, until, now)?;
        self.begin_sends(farm, work, now)?;
        let open = farm.look(|book| book.open_requests().map_err(WatchError::from))?;
        for request in open.iter().filter(|request| request.cancel.is_some()) {
            if let Some(canceller) = work.running.remove(&request.id) {
                canceller.press();
            }
        }
        while !stop.is_cancelled() {
            let room = RUNS.saturating_sub(work.runs.len());
            let waits = farm.look(|book| obstacles(book, room, now))?;
            if waits.iter().all(|(_, obstacle)| obstacle.is_some()) {
                break;
            }
            let Some(claimed) = farm.within(|book| claim(book, room, now))? else {
                break;
            };
            self.begin(work, claimed, cancel);
        }
        // Where nothing runs there was room for all that could have begun.
        let mut places = orders.watch.places().into_iter();
        let all_asked = places.all(|place| work.asked.contains(&place));
        Ok(all_asked && settles.is_none() && work.runs.is_empty())
    }

    /// Requests what has settled and what is due, and says when more of it will have
    /// settled. Nothing is written while nobody has changed anything and no time has come.
    fn look_around(
        &self,
        farm: &mut Farm,
        rounds: &mut Rounds,
        until: Until,
        now: Moment,
    ) -> Result<Option<Moment>, WatchError> {
        let version = farm.version()?;
        if !rounds.is_time(version, now) {
            return Ok(rounds.settles);
        }
        let orders = self.helm.orders();
        let (watch, places) = (&orders.watch, orders.watch.places());
        let (settles, fires) = farm.within(|book| {
            book.beat("scheduler", now)?;
            follow(book, watch)?;
            let settles = settle(book, watch, now)?;
            let fires = fire(book, watch, &places, now)?;
            // Who looks once has no time left over.
            if until == Until::Stopped {
                seek(book, watch, now)?;
            }
            Ok::<_, WatchError>((settles, fires))
        })?;
        *rounds = Rounds {
            last: Some(now),
            version,
            settles,
            fires,
        };
        Ok(settles)
    }

    pub(super) fn remotes(&self, orders: &Orders) -> Vec<Watched> {
        let folder = self.home.state.repositories();
        let sources = orders.watch.sources.iter();
        let watched = sources.map(|source| Watched::new(&source.value, &folder));
        watched.collect()
    }
}

/// The time it is.
pub fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    Moment(i64::try_from(millis).unwrap_or(i64::MAX))
}
