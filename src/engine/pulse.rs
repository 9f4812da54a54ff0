use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;

use super::world::World;

/// How often a run gives a sign of life on the engine.
pub const BEAT: Duration = Duration::from_secs(60);

/// Gives signs of life until the run ends, each in place of the one before: whoever
/// shares the engine and cannot see this machine's processes sees those.
pub async fn keep(world: &World, ended: &CancellationToken) {
    let runtime = &world.engine.runtime;
    let mut last: Option<String> = None;
    loop {
        let beat = async {
            let (name, labels) = world.plan.beat(now());
            let (creator, wanted) = (Arc::clone(runtime), name.clone());
            let creation = async move { creator.create_volume(&wanted, &labels).await };
            // One that fails is missed by nobody: the next follows.
            if world.caller.create(creation).await.is_ok()
                && let Some(earlier) = last.replace(name)
                && last.as_ref() != Some(&earlier)
            {
                let _ = runtime.remove_volume(&earlier).await;
            }
            tokio::time::sleep(BEAT).await;
        };
        // An engine that does not answer holds no end up.
        tokio::select! {
            () = ended.cancelled() => return,
            () = beat => {}
        }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
