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
        let (name, labels) = world.plan.beat(now());
        // One that fails is missed by nobody: the next follows.
        if runtime.create_volume(&name, &labels).await.is_ok()
            && let Some(earlier) = last.replace(name)
        {
            let _ = runtime.remove_volume(&earlier).await;
        }
        tokio::select! {
            () = ended.cancelled() => return,
            () = tokio::time::sleep(BEAT) => {}
        }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
