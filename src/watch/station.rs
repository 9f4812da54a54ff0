use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::JoinSet;

use super::carry::{as_run, carry, fate};
use super::happening::{Happening, OnHappening};
use super::{
    Claimed, Ending, Post, WatchError, adopt, claim, deliver, finish, fire, obstacles, poll,
    recover, settle,
};
use crate::engine::{Cancel, Canceller, Engine};
use crate::event::Summary;
use crate::journal::Journal;
use crate::model::Moment;
use crate::run::{Home, Request};
use crate::source::Watched;
use crate::spec::Watch;
use crate::store::farm::Farm;

/// What another process has changed is seen after so long.
const TICK: Duration = Duration::from_secs(1);
/// So many runs go on at once; their cells share the engine's places.
const RUNS: usize = 2;
const BUG: &str = "this should not have happened, and has been told";

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
    /// What is watched.
    pub watch: Arc<Watch>,
    /// What runs are like where nothing else is said of them.
    pub base: Request,
    /// The container engine.
    pub engine: Arc<Engine>,
    /// Who brings notices.
    pub post: Arc<dyn Post + Send + Sync>,
    /// Who is told what happens.
    pub on: Arc<OnHappening>,
}

/// What is going on.
struct Work {
    polls: JoinSet<(usize, Result<(), WatchError>)>,
    polling: BTreeSet<usize>,
    asked: BTreeSet<usize>,
    sends: JoinSet<(String, Result<(), WatchError>)>,
    sending: BTreeSet<String>,
    runs: JoinSet<(i64, Ending, Option<Box<Summary>>)>,
    running: BTreeMap<i64, Canceller>,
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
        let (watch, now) = (&*self.watch, now());
        farm.within(|book| adopt(book, watch, now))?;
        recover(&mut farm, watch, &|run| fate(&self.home, run), now)?;
        let mut work = Work {
            polls: JoinSet::new(),
            polling: BTreeSet::new(),
            asked: BTreeSet::new(),
            sends: JoinSet::new(),
            sending: BTreeSet::new(),
            runs: JoinSet::new(),
            running: BTreeMap::new(),
        };
        let mut ended = Vec::new();
        loop {
            let is_last = stop.is_cancelled();
            let step = self.step(&mut farm, &mut work, until, (stop, cancel));
            let is_idle = match step {
                Ok(is_idle) => is_idle,
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
                Some(Ok((index, result))) = work.polls.join_next() => {
                    work.polling.remove(&index);
                    work.asked.insert(index);
                    if let Err(error) = result {
                        (self.on)(Happening::Trouble(error.to_string()));
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
                    self.end(&mut farm, request, &ending);
                    ended.push(ending.clone());
                    (self.on)(Happening::Ended { request, ending, summary });
                }
            }
        }
        farm.within(|book| book.unbeat("scheduler").map_err(WatchError::from))?;
        Ok(ended)
    }

    /// Does what is to be done now, and says whether nothing is.
    fn step(
        &self,
        farm: &mut Farm,
        work: &mut Work,
        until: Until,
        (stop, cancel): (&Cancel, &Cancel),
    ) -> Result<bool, WatchError> {
        let now = now();
        if !stop.is_cancelled() {
            self.begin_polls(farm, work, until, now)?;
        }
        let places: Vec<String> = self
            .remotes()
            .map(|remote| remote.place().to_owned())
            .collect();
        let watch = &*self.watch;
        let next = farm.within(|book| {
            book.beat("scheduler", now)?;
            let settles = settle(book, watch, now)?;
            fire(book, watch, &places, now)?;
            Ok::<_, WatchError>(settles)
        })?;
        self.begin_sends(farm, work, now)?;
        let open = farm.look(|book| book.open_requests().map_err(WatchError::from))?;
        for request in open.iter().filter(|request| request.cancel.is_some()) {
            if let Some(canceller) = work.running.remove(&request.id) {
                canceller.press();
            }
        }
        while !stop.is_cancelled() {
            let room = RUNS.saturating_sub(work.runs.len());
            let Some(claimed) = farm.within(|book| claim(book, room, now))? else {
                break;
            };
            self.begin(work, claimed, cancel);
        }
        let waits = farm.look(|book| obstacles(book, RUNS, now))?;
        let is_due = waits.iter().any(|(_, obstacle)| obstacle.is_none());
        let all_asked = work.asked.len() == self.watch.sources.len();
        Ok(all_asked && next.is_none() && !is_due && work.runs.is_empty())
    }

    fn remotes(&self) -> impl Iterator<Item = Watched> {
        let folder = self.home.state.repositories();
        let sources = self.watch.sources.iter();
        sources.map(move |source| Watched::new(&source.value, &folder))
    }

    /// Asks repositories whose time has come, each by itself: one that hangs holds no
    /// other up, and is not asked again meanwhile.
    fn begin_polls(
        &self,
        farm: &mut Farm,
        work: &mut Work,
        until: Until,
        now: Moment,
    ) -> Result<(), WatchError> {
        for (index, remote) in self.remotes().enumerate() {
            let place = remote.place().to_owned();
            let row = farm.look(|book| book.repository(&place).map_err(WatchError::from))?;
            let is_due = match until {
                Until::Done => !work.asked.contains(&index),
                // A clock that was set back keeps nobody waiting for longer than a poll.
                Until::Stopped => {
                    row.next <= now || row.next.since(now) > longest(self.watch.interval)
                }
            };
            if !is_due || !work.polling.insert(index) {
                continue;
            }
            let (home, watch, on) = (
                self.home.clone(),
                Arc::clone(&self.watch),
                Arc::clone(&self.on),
            );
            let polling = move || {
                let mut farm = home.state.farm()?;
                let polled = poll(&mut farm, &watch, &remote, now)?;
                let behind = polled.behind.into_iter();
                let behind = behind.map(|(branch, why)| format!("{branch}: {why}"));
                on(Happening::Polled {
                    place,
                    changes: polled.changes,
                    troubles: polled.trouble.into_iter().chain(behind).collect(),
                });
                Ok(())
            };
            work.polls
                .spawn(async move { (index, to_its_end(polling).await) });
        }
        Ok(())
    }

    /// Brings notices, to each receiver by itself.
    fn begin_sends(&self, farm: &mut Farm, work: &mut Work, now: Moment) -> Result<(), WatchError> {
        let next = farm.look(|book| book.next_notices().map_err(WatchError::from))?;
        for row in next.into_iter().filter(|row| row.next <= now) {
            let receiver = row.notice.receiver;
            if !work.sending.insert(receiver.clone()) {
                continue;
            }
            let (home, watch) = (self.home.clone(), Arc::clone(&self.watch));
            let post = Arc::clone(&self.post);
            let name = receiver.clone();
            let sending = move || {
                let mut farm = home.state.farm()?;
                deliver(&mut farm, &watch, &*post, &name, now)?;
                Ok(())
            };
            work.sends
                .spawn(async move { (receiver, to_its_end(sending).await) });
        }
        Ok(())
    }

    /// Carries a request out.
    fn begin(&self, work: &mut Work, claimed: Claimed, cancel: &Cancel) {
        let Claimed { request, .. } = claimed;
        let id = request.id;
        let url = self.watch.sources.iter().find(|source| {
            Watched::new(&source.value, &self.home.state.repositories()).place()
                == request.asked.repository
        });
        let url = url.map_or(request.asked.repository.clone(), |url| url.value.clone());
        let run = as_run(&request, &url, &self.base, &self.home);
        let (canceller, own) = cancel.child();
        work.running.insert(id, canceller);
        (self.on)(Happening::Begun(Box::new(request)));
        let (home, engine) = (self.home.clone(), Arc::clone(&self.engine));
        work.runs.spawn(async move {
            let noting = home.clone();
            let begun = move |run: &_| {
                let mut farm = noting.state.farm()?;
                farm.within(|book| book.note_run(id, run).map_err(WatchError::from))
            };
            let carrying = carry(run, home, engine, Journal::new(), own, begun);
            match tokio::spawn(carrying).await {
                Ok((ending, finished)) => (
                    id,
                    ending,
                    finished.map(|finished| Box::new(finished.summary)),
                ),
                Err(_) => (id, Ending::without("infrastructure", BUG), None),
            }
        });
    }

    /// Ends a request, and again where that failed: a disk may be full for a while.
    fn end(&self, farm: &mut Farm, request: i64, ending: &Ending) {
        if let Err(error) = finish(farm, &self.watch, request, ending, now()) {
            // What is not ended now is when the next watcher begins.
            (self.on)(Happening::Trouble(format!(
                "the end of request {request} is not kept: {error}"
            )));
        }
    }
}

/// Does something on a thread where it may wait; a panic in it ends nothing else.
async fn to_its_end(
    work: impl FnOnce() -> Result<(), WatchError> + Send + 'static,
) -> Result<(), WatchError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(WatchError::Refused(BUG.to_owned())))
}

fn longest(interval: Duration) -> Duration {
    interval.max(Duration::from_secs(3600))
}

/// The time it is.
pub fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    Moment(i64::try_from(millis).unwrap_or(i64::MAX))
}
