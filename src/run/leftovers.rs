use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::RunError;
use crate::engine::{self, BEAT, Leftover};
use crate::model::RunId;
use crate::runtime::Runtime;
use crate::store::{Here, Liveness, Marks, State};

/// A run that has given no sign of life on the engine for so long gives none any
/// more.
const SILENCE: Duration = BEAT.saturating_mul(10);

/// When it is looked again for what an engine makes late.
const LATE: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

/// Tells the leavings of dead runs from what living ones use.
pub struct Judge<'a> {
    state: &'a State,
    here: Here,
    /// When each run last gave a sign of life on the engine.
    beats: BTreeMap<&'a RunId, u64>,
    now: u64,
}

impl<'a> Judge<'a> {
    /// Judges these, which are all there is on an engine.
    ///
    /// # Errors
    /// When it cannot be said whose this state folder is.
    pub fn new(state: &'a State, all: &'a [Leftover]) -> Result<Self, RunError> {
        let mut beats: BTreeMap<&RunId, u64> = BTreeMap::new();
        for leftover in all {
            if let Some(beat) = leftover.beat {
                let last = beats.entry(&leftover.run).or_default();
                *last = beat.max(*last);
            }
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Ok(Self {
            state,
            here: state.here()?,
            beats,
            now: now.unwrap_or_default().as_secs(),
        })
    }

    /// Whether something is of this installation.
    pub fn is_own(&self, leftover: &Leftover) -> bool {
        leftover.owner == self.here.owner
    }

    /// Whether something is of this installation, and of a run whose process is
    /// known to be gone.
    pub fn is_dead(&self, leftover: &Leftover) -> bool {
        self.liveness(leftover) == Liveness::Dead
    }

    /// Whether something may be removed by somebody who has looked, as far as can
    /// be told from here: it is not known to live, its run gave no sign of life
    /// lately, and began longer ago than `age`.
    pub fn is_abandoned(&self, leftover: &Leftover, age: Duration) -> bool {
        let beat = self.beats.get(&leftover.run).copied();
        let is_silent = beat.is_none_or(|beat| self.now.saturating_sub(beat) > SILENCE.as_secs());
        let is_old = |began: u64| self.now.saturating_sub(began) >= age.as_secs();
        self.liveness(leftover) != Liveness::Live
            && is_silent
            && leftover.run.began().is_none_or(is_old)
    }

    fn liveness(&self, leftover: &Leftover) -> Liveness {
        let marks = Marks {
            owner: &leftover.owner,
            host: leftover.host.as_deref(),
            boot: leftover.boot.as_deref(),
            run: &leftover.run,
        };
        self.state.judge(&marks, &self.here)
    }
}

/// Removes what this installation's dead runs left, and says how much it was.
///
/// # Errors
/// When the engine does not answer or something could not be removed.
pub async fn sweep_dead(runtime: &dyn Runtime, state: &State) -> Result<usize, RunError> {
    match look(runtime, state).await? {
        0 => Ok(0),
        removed => Ok(removed + sweep_late(runtime, state).await?),
    }
}

/// The same for a moment after something was removed: of what a run asked for before
/// it was killed the engine may make something yet.
///
/// # Errors
/// As [`sweep_dead`].
pub async fn sweep_late(runtime: &dyn Runtime, state: &State) -> Result<usize, RunError> {
    let mut removed = 0;
    for pause in LATE {
        tokio::time::sleep(pause).await;
        removed += look(runtime, state).await?;
    }
    Ok(removed)
}

async fn look(runtime: &dyn Runtime, state: &State) -> Result<usize, RunError> {
    let all = engine::leftovers(runtime).await?;
    let judge = Judge::new(state, &all)?;
    let dead: Vec<Leftover> = all
        .iter()
        .filter(|left| judge.is_dead(left))
        .cloned()
        .collect();
    engine::remove_leftovers(runtime, &dead).await?;
    Ok(dead.iter().filter(|left| left.beat.is_none()).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LeftoverKind;

    fn leftover(owner: &str, run: &str, beat: Option<u64>) -> Leftover {
        Leftover {
            kind: LeftoverKind::Container,
            id: "1".to_owned(),
            name: "n".to_owned(),
            run: RunId::new(run),
            owner: owner.to_owned(),
            host: Some("elsewhere".to_owned()),
            boot: Some("another".to_owned()),
            beat,
        }
    }

    #[test]
    fn what_another_host_with_a_copied_home_started_is_never_dead_and_abandoned_only_in_silence() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::new(folder.path().to_owned());
        let owner = state.owner().expect("writable");
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        let hour = Duration::from_secs(3600);
        let run = "20200101-000000-abcd";
        for (beat, abandoned) in [(Some(now), false), (Some(now - 7200), true), (None, true)] {
            let all = [leftover(&owner, run, beat)];
            let judge = Judge::new(&state, &all).expect("readable");
            assert!(!judge.is_dead(&all[0]), "{beat:?}");
            assert_eq!(judge.is_abandoned(&all[0], hour), abandoned, "{beat:?}");
        }
    }

    #[test]
    fn a_young_run_of_an_owner_unknown_here_is_not_abandoned() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::new(folder.path().to_owned());
        let young = jiff::Timestamp::now()
            .strftime("%Y%m%d-%H%M%S-abcd")
            .to_string();
        let all = [leftover("stranger", &young, None)];
        let judge = Judge::new(&state, &all).expect("readable");
        assert!(!judge.is_abandoned(&all[0], Duration::from_secs(3600)));
        assert!(judge.is_abandoned(&all[0], Duration::ZERO));
        assert!(!judge.is_own(&all[0]));
    }
}
