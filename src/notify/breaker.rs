use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::NotifyError;

/// After so many refusals in a row a receiver is left alone for [`PAUSE`]: who knocks on
/// and on at a door that was shut is banned for longer.
const REFUSALS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(3600);

/// Which receivers want nothing of ours, as far as this process has seen.
#[derive(Debug, Default)]
pub struct Breaker {
    refusals: Mutex<BTreeMap<String, Refusals>>,
}

#[derive(Debug, Clone)]
struct Refusals {
    count: u32,
    last: Instant,
    why: String,
}

impl Breaker {
    /// Tries to reach a receiver, unless it has refused us often and of late.
    ///
    /// # Errors
    /// When it was not taken, or not tried.
    pub fn attempt(
        &self,
        receiver: &str,
        send: impl FnOnce() -> Result<(), NotifyError>,
    ) -> Result<(), NotifyError> {
        self.attempt_at(Instant::now(), receiver, send)
    }

    fn attempt_at(
        &self,
        now: Instant,
        receiver: &str,
        send: impl FnOnce() -> Result<(), NotifyError>,
    ) -> Result<(), NotifyError> {
        let before = self.lock().get(receiver).cloned();
        if let Some(before) = &before
            && before.count >= REFUSALS
            && now.saturating_duration_since(before.last) < PAUSE
        {
            return Err(NotifyError::Later(format!(
                "refused {} times in a row, so it is left alone for an hour: {}",
                before.count, before.why
            )));
        }
        let sent = send();
        match &sent {
            Ok(()) => {
                self.lock().remove(receiver);
            }
            Err(NotifyError::Unwelcome(why)) => {
                let refusals = Refusals {
                    count: before.map_or(0, |before| before.count).saturating_add(1),
                    last: now,
                    why: why.clone(),
                };
                self.lock().insert(receiver.to_owned(), refusals);
            }
            Err(NotifyError::Later(_) | NotifyError::Never(_)) => {}
        }
        sent
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Refusals>> {
        // It is whole between any two of its changes.
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse() -> Result<(), NotifyError> {
        Err(NotifyError::Unwelcome("K-Lined".to_owned()))
    }

    #[test]
    fn who_refuses_us_again_and_again_is_left_alone_for_an_hour_and_says_why() {
        let breaker = Breaker::default();
        let begun = Instant::now();
        for _ in 0..REFUSALS {
            let refused = breaker.attempt_at(begun, "chat", refuse);
            assert!(matches!(refused, Err(NotifyError::Unwelcome(_))));
        }
        let untried = || panic!("it is tried");
        let error = breaker
            .attempt_at(begun, "chat", untried)
            .expect_err("open");
        assert!(matches!(error, NotifyError::Later(_)), "{error:?}");
        assert!(error.to_string().contains("K-Lined"), "{error}");
        breaker
            .attempt_at(begun, "mail", || Ok(()))
            .expect("another");
        let later = begun + PAUSE;
        assert!(breaker.attempt_at(later, "chat", refuse).is_err());
        assert!(
            breaker.attempt_at(later, "chat", untried).is_err(),
            "open again"
        );
        breaker
            .attempt_at(later + PAUSE, "chat", || Ok(()))
            .expect("welcome");
        assert!(breaker.attempt_at(later + PAUSE, "chat", refuse).is_err());
        breaker
            .attempt_at(later + PAUSE, "chat", || Ok(()))
            .expect("closed");
    }

    #[test]
    fn what_is_wrong_with_one_notice_holds_up_no_other() {
        let breaker = Breaker::default();
        for _ in 0..9 {
            let never = || Err(NotifyError::Never("550 nobody of that name".to_owned()));
            assert!(breaker.attempt("list", never).is_err());
        }
        breaker.attempt("list", || Ok(())).expect("tried");
    }
}
