use futures_util::future::select_all;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::say::warn;
use crate::engine::Canceller;
use crate::event::NoticeKind;
use crate::journal::Emitter;

/// Ctrl-C, a polite kill and a closed terminal, which all ask for the end.
pub struct Interrupts(Vec<Signal>);

impl Interrupts {
    /// Listens from here on: they end the process no more by themselves.
    pub fn listen() -> Self {
        Self::of(&[
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ])
    }

    /// Those alone that ask a service for its end: a hangup tells it something else.
    pub fn of_service() -> Self {
        Self::of(&[SignalKind::interrupt(), SignalKind::terminate()])
    }

    /// Hangups alone, by which a service is told to read its file again.
    pub fn hangups() -> Self {
        Self::of(&[SignalKind::hangup()])
    }

    fn of(kinds: &[SignalKind]) -> Self {
        let mut signals = Vec::new();
        for kind in kinds {
            match signal(*kind) {
                Ok(signal) => signals.push(signal),
                Err(error) => warn(&format!("cannot listen for signals: {error}")),
            }
        }
        Self(signals)
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let any = self.0.iter_mut().map(|signal| Box::pin(signal.recv()));
        select_all(any).await;
    }

    /// Hands them on while something goes on: the first time it is asked for its
    /// end, the second time for its end at once.
    pub async fn during<F: Future>(
        &mut self,
        canceller: &Canceller,
        emit: &Emitter,
        what: F,
    ) -> F::Output {
        let mut what = std::pin::pin!(what);
        loop {
            tokio::select! {
                result = &mut what => return result,
                () = self.next() => {
                    let message = if canceller.press() {
                        "stopping; once more stops at once"
                    } else {
                        "stopping at once"
                    };
                    emit.notice(NoticeKind::Other, message);
                }
            }
        }
    }
}
