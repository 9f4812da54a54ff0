use std::time::Duration;

use crate::model::Moment;

/// A sign of life is given so often, whether anything happens or not.
const BEAT: Duration = Duration::from_secs(10);

/// When a watcher last looked around, and when it has to again.
#[derive(Debug, Default)]
pub struct Rounds {
    pub last: Option<Moment>,
    /// What was kept then.
    pub version: i64,
    /// When something will have settled.
    pub settles: Option<Moment>,
    /// When a clock sets something off.
    pub fires: Option<Moment>,
}

impl Rounds {
    /// Whether to look around again, where this is kept by now.
    pub fn is_time(&self, version: i64, now: Moment) -> bool {
        let has_come = |at: Option<Moment>| at.is_some_and(|at| at <= now);
        let is_recent = |last: Moment| last <= now && now.since(last) < BEAT;
        version != self.version
            || !self.last.is_some_and(is_recent)
            || has_come(self.settles)
            || has_come(self.fires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watcher_looks_around_when_something_changed_or_a_time_has_come() {
        let rounds = Rounds {
            last: Some(Moment(10_000)),
            version: 1,
            settles: Some(Moment(13_000)),
            fires: None,
        };
        assert!(!rounds.is_time(1, Moment(12_000)));
        assert!(
            rounds.is_time(2, Moment(12_000)),
            "somebody has changed something"
        );
        assert!(rounds.is_time(1, Moment(13_000)), "something has settled");
        assert!(rounds.is_time(1, Moment(9_000)), "the clock was set back");
        let idle = Rounds {
            settles: None,
            ..rounds
        };
        assert!(!idle.is_time(1, Moment(19_999)));
        assert!(idle.is_time(1, Moment(20_000)), "a sign of life");
    }
}
