use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// How often patience is looked at.
const TICK: Duration = Duration::from_secs(1);
/// The most that passes from one look to the next while djbuild runs. What is more
/// went by while it stood still: stopped by ^Z, or with a laptop that was closed.
const STEP: Duration = Duration::from_secs(3);

/// Measures time in which djbuild itself was awake.
#[derive(Debug)]
pub struct Patience {
    ticks: Interval,
    last: Instant,
    awake: Duration,
}

impl Patience {
    pub fn new() -> Self {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            ticks,
            last: Instant::now(),
            awake: Duration::ZERO,
        }
    }

    /// How long djbuild was awake since the beginning.
    pub fn spent(&mut self) -> Duration {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.last);
        self.last = now;
        self.awake += passed.min(STEP);
        self.awake
    }

    /// Waits for the next look.
    pub async fn tick(&mut self) {
        self.ticks.tick().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_in_which_djbuild_stood_still_does_not_count() {
        let mut patience = Patience::new();
        for _ in 0..5 {
            tokio::time::advance(Duration::from_secs(1)).await;
            patience.spent();
        }
        assert_eq!(patience.spent(), Duration::from_secs(5));
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(patience.spent(), Duration::from_secs(8));
    }
}
