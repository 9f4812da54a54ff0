use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::caller::Caller;
use super::presence::{Presence, still_away};
use super::problem::Problem;
use crate::event::NoticeKind;

/// How often the engine may go away while one thing is made.
const OUTAGES: u32 = 5;

/// Makes something, and tries again where the network, a registry or the engine
/// failed and may not the next time: after 3, 12 and 48 s, and some chance.
pub async fn persist<T, F>(
    what: &str,
    presence: &Presence,
    caller: &Caller,
    make: impl Fn() -> F,
) -> Result<T, Problem>
where
    F: Future<Output = Result<T, Problem>>,
{
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(3))
        .with_factor(4.0)
        .with_max_times(3)
        .with_jitter()
        .build();
    let mut outages = 0;
    loop {
        if !presence.here(caller).await {
            return Err(still_away().into());
        }
        let problem = match make().await {
            Ok(made) => return Ok(made),
            Err(problem) => problem,
        };
        if let Problem::Engine(error) = &problem
            && error.is_away()
        {
            outages += 1;
            if outages > OUTAGES || !presence.wait(error, caller).await {
                return Err(problem);
            }
            continue;
        }
        let Some(pause) = pauses.next().filter(|_| problem.may_pass()) else {
            return Err(problem);
        };
        let pause = problem.wanted_pause().unwrap_or(pause);
        let (_, why, _) = problem.parts();
        let seconds = pause.as_secs().max(1);
        caller.emit.notice(
            NoticeKind::Retry,
            format!("{what}: {why}; trying again in {seconds} s"),
        );
        tokio::time::sleep(pause).await;
    }
}
