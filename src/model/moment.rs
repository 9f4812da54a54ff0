use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A time, in milliseconds since 1970-01-01 UTC.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// So long after this; the end of time at the latest.
    #[must_use]
    pub fn plus(self, time: Duration) -> Self {
        let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// How long this is after an earlier time; nothing where it is not.
    pub fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_neither_wrap_around_nor_run_backwards() {
        let second = Duration::from_secs(1);
        assert_eq!(Moment(5).plus(second), Moment(1005));
        assert_eq!(Moment(1005).since(Moment(5)), second);
        assert_eq!(Moment(5).since(Moment(1005)), Duration::ZERO);
        assert_eq!(Moment(i64::MAX).plus(second), Moment(i64::MAX));
        assert_eq!(Moment(0).plus(Duration::MAX), Moment(i64::MAX));
    }
}
