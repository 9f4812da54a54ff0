use std::time::Duration;

use super::janitor;
use super::world::World;
use crate::event::NoticeKind;

/// How long the last clean-up may take once the user wants the end at once.
const HURRY: Duration = Duration::from_secs(20);

/// Between two looks for what is left, and how many looks there are at most. Of what
/// was asked for when it was dropped the engine may make something yet, and refuse
/// to remove what that is to be on.
const PAUSE: Duration = Duration::from_millis(500);
const LOOKS: u32 = 12;

/// Removes whatever of this run is left, by label. Returns why something is left
/// all the same, which has been told.
pub async fn clean_up(world: &World) -> Option<String> {
    let runtime = world.engine.runtime.as_ref();
    let cleaning = async {
        let mut looks = 0;
        loop {
            looks += 1;
            let swept = janitor::sweep(runtime, |left| left.run == world.plan.run).await;
            // Requests that were dropped in haste may go on.
            let in_haste = world.cancel().is_cancelled_now();
            match swept {
                Ok(removed) if !in_haste || (looks > 1 && removed.is_empty()) => return None,
                Ok(_) if looks >= LOOKS => return None,
                Err(error) if error.is_away() => {
                    if !world.engine.presence.wait(&error, &world.caller).await {
                        return Some(error.to_string());
                    }
                }
                Err(error) if looks >= LOOKS => return Some(error.to_string()),
                Ok(_) | Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
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
    if let Some(why) = &left {
        let message =
            format!("not everything could be removed ({why}); `djbuild clean` removes the rest");
        world.caller.emit.notice(NoticeKind::Leftover, message);
    }
    left
}
