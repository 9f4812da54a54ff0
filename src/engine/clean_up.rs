use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::janitor;
use super::world::World;
use crate::event::NoticeKind;

/// How long the last clean-up may take once the user wants the end at once.
const HURRY: Duration = Duration::from_secs(20);

/// Removes whatever of this run is left, by label. Returns why something is left
/// all the same, which has been told.
pub async fn clean_up(world: &World) -> Option<String> {
    let runtime = world.engine.runtime.as_ref();
    let cleaning = async {
        world.caller.created().await;
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_times(6)
            .build();
        loop {
            let why = match janitor::sweep(runtime, |left| left.run == world.plan.run).await {
                Ok(removed) if removed.is_empty() || !world.cancel().is_cancelled_now() => {
                    return None;
                }
                // Of what was asked for in haste the engine may make something yet.
                Ok(_) => None,
                Err(error) if error.is_away() => {
                    if !world.engine.presence.wait(&error, &world.caller).await {
                        return Some(error.to_string());
                    }
                    continue;
                }
                // A container may still be going that a network is waiting for.
                Err(error) => Some(error.to_string()),
            };
            let Some(pause) = pauses.next() else {
                return why;
            };
            tokio::time::sleep(pause).await;
        }
    };
    let hurry = async {
        world.cancel().cancelled_now().await;
        tokio::time::sleep(HURRY).await;
    };
    let left = tokio::select! {
        left = cleaning => left,
        () = hurry => Some("it took too long".to_owned()),
    };
    world.caller.abandon();
    world.caller.created().await;
    if let Some(why) = &left {
        let message =
            format!("not everything could be removed ({why}); `djbuild clean` removes the rest");
        world.caller.emit.notice(NoticeKind::Leftover, message);
    }
    left
}
