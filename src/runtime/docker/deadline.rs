//! How long each request may take. bollard's own limit is one for all, and ends
//! with the headers of an answer, which come after the body where much is sent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::errors::Error;
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};

/// bollard's own limit is above all of these, in seconds.
pub const NEVER: u64 = 7 * 24 * 60 * 60;
/// Whether it is there at all.
pub const PING: Duration = Duration::from_secs(5);
/// Lists and inspections.
pub const ASK: Duration = Duration::from_secs(60);
/// Making, starting and removing one thing.
pub const CHANGE: Duration = Duration::from_secs(120);
/// An engine without a native overlay compares whole file systems to commit.
pub const COMMIT: Duration = Duration::from_secs(30 * 60);
/// What goes on for as long as it takes, but not without a sign of life.
pub const SILENCE: Duration = Duration::from_secs(15 * 60);

/// The answer to a request, if it comes within the limit.
pub async fn within<T>(
    limit: Duration,
    request: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(limit, request)
        .await
        .unwrap_or(Err(Error::RequestTimeoutError))
}

/// When something was last heard of.
#[derive(Clone)]
pub struct Pulse(Arc<Mutex<Instant>>);

impl Pulse {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    /// Something is heard.
    pub fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// These items, each a sign of life.
    pub fn of<S: Stream>(&self, items: S) -> impl Stream<Item = S::Item> + use<S> {
        let pulse = self.clone();
        items.inspect(move |_| pulse.beat())
    }

    /// The answer to a request, unless nothing is heard for too long.
    pub async fn watch<T>(
        &self,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::select! {
            answer = request => answer,
            () = self.silent() => Err(Error::RequestTimeoutError),
        }
    }

    async fn silent(&self) {
        loop {
            let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner) + SILENCE;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[tokio::test(start_paused = true)]
    async fn what_shows_signs_of_life_may_take_hours_and_what_is_silent_may_not() {
        let pulse = Pulse::new();
        let lines = stream::unfold(0, |line| async move {
            tokio::time::sleep(SILENCE / 2).await;
            (line < 100).then_some((line, line + 1))
        });
        let lines = pulse.of(lines);
        let all = async { Ok(lines.count().await) };
        assert_eq!(pulse.watch(all).await.expect("heard of"), 100);
        let silent = pulse.watch(std::future::pending::<Result<(), Error>>());
        assert!(matches!(silent.await, Err(Error::RequestTimeoutError)));
    }
}
