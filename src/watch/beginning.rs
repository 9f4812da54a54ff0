use std::sync::Arc;
use std::time::Duration;

use super::carry::{as_run, carry};
use super::station::{Asked, Work};
use super::{Claimed, Ending, Happening, Station, Until, WatchError, deliver, poll};
use crate::engine::Cancel;
use crate::journal::Journal;
use crate::model::{Moment, redacted};
use crate::store::farm::Farm;

const BUG: &str = "this should not have happened, and has been told";

impl Station {
    /// Asks repositories whose time has come, each by itself: one that hangs holds no
    /// other up, and is not asked again meanwhile.
    pub(super) fn begin_polls(
        &self,
        farm: &mut Farm,
        work: &mut Work,
        until: Until,
        now: Moment,
    ) -> Result<(), WatchError> {
        let orders = self.helm.orders();
        for remote in self.remotes(&orders) {
            let place = remote.place().to_owned();
            let row = farm.look(|book| book.repository(&place).map_err(WatchError::from))?;
            let is_due = match until {
                Until::Done => !work.asked.contains(&place),
                // A clock that was set back keeps nobody waiting for longer than a poll.
                Until::Stopped => {
                    row.next <= now || row.next.since(now) > longest(orders.watch.interval)
                }
            };
            if !is_due || !work.polling.insert(place.clone()) {
                continue;
            }
            let (home, on) = (self.home.clone(), Arc::clone(&self.on));
            let (asked, under) = (place.clone(), Arc::clone(&orders));
            let polling = move || {
                let mut farm = home.state.farm()?;
                let polled = poll(&mut farm, &under.watch, &remote, now)?;
                let behind = polled.behind.into_iter();
                let behind = behind.map(|(branch, why)| format!("{branch}: {why}"));
                let troubles: Vec<String> = polled.trouble.into_iter().chain(behind).collect();
                let first = troubles.first().cloned();
                on(Happening::Polled {
                    place,
                    changes: polled.changes,
                    troubles,
                });
                Ok(first)
            };
            let orders = Arc::clone(&orders);
            work.polls.spawn(async move {
                Asked {
                    place: asked,
                    orders,
                    result: to_its_end(polling).await,
                }
            });
        }
        Ok(())
    }

    /// Brings notices, to each receiver by itself.
    pub(super) fn begin_sends(
        &self,
        farm: &mut Farm,
        work: &mut Work,
        now: Moment,
    ) -> Result<(), WatchError> {
        let next = farm.look(|book| book.next_notices().map_err(WatchError::from))?;
        for row in next.into_iter().filter(|row| row.next <= now) {
            let receiver = row.notice.receiver;
            if !work.sending.insert(receiver.clone()) {
                continue;
            }
            let (home, orders) = (self.home.clone(), self.helm.orders());
            let post = Arc::clone(&self.post);
            let name = receiver.clone();
            let sending = move || {
                let mut farm = home.state.farm()?;
                deliver(&mut farm, &orders.watch, &*post, &name, now)?;
                Ok(())
            };
            work.sends
                .spawn(async move { (receiver, to_its_end(sending).await) });
        }
        Ok(())
    }

    /// Carries a request out.
    pub(super) fn begin(&self, work: &mut Work, claimed: Claimed, cancel: &Cancel) {
        let Claimed { request, .. } = claimed;
        let id = request.id;
        let orders = self.helm.orders();
        let mut sources = orders.watch.sources.iter();
        let url = sources.find(|source| redacted(&source.value) == request.asked.repository);
        let url = url.map_or(request.asked.repository.clone(), |url| url.value.clone());
        let run = as_run(&request, &url, &orders.base, &self.home);
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
}

/// Does something on a thread where it may wait; a panic in it ends nothing else.
async fn to_its_end<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WatchError> + Send + 'static,
) -> Result<T, WatchError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(WatchError::Refused(BUG.to_owned())))
}

fn longest(interval: Duration) -> Duration {
    interval.max(Duration::from_secs(3600))
}
