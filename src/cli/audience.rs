//! Those who see a run while it goes on: a terminal, a pipe. Each is served on a
//! thread of its own, so that one that takes nothing holds nobody up.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::args::Format;
use super::say::warn;
use crate::event::{Envelope, Summary};
use crate::journal::{Batch, Follower, Journal};
use crate::progress::Progress;

/// How often live displays move.
const TICK: Duration = Duration::from_millis(200);
/// Whoever takes nothing for so long after a run's end is not waited for.
pub const STILL: Duration = Duration::from_secs(5);

/// Everybody who sees a run.
pub struct Audience(Vec<Seat>);

/// One of them.
struct Seat {
    thread: JoinHandle<()>,
    /// How much they have taken.
    taken: Arc<AtomicU64>,
}

impl Audience {
    /// Shows a run on a display, and every event on standard output if JSON is
    /// wanted there.
    pub fn begin(
        journal: &Arc<Journal>,
        display: Option<Box<dyn Progress>>,
        format: Format,
    ) -> Self {
        let mut seats = Vec::new();
        if let Some(display) = display {
            let follower = journal.follow(0);
            seats.extend(Seat::take("display", move |taken| {
                if let Err(error) = show(display, &follower, taken) {
                    warn(&format!(
                        "the display failed and is left out from here on: {error}"
                    ));
                }
            }));
        }
        if format == Format::Json {
            let follower = journal.follow(0);
            seats.extend(Seat::take("events", move |taken| {
                if print(&follower, taken).is_err() {
                    warn("nobody reads the events any more; the run goes on and is kept");
                }
            }));
        }
        Self(seats)
    }

    /// Waits until everybody has seen the end, as long as they go on taking what
    /// they are shown.
    pub async fn leave(self) {
        for seat in self.0 {
            let (mut last, mut moved) = (0, Instant::now());
            while !seat.thread.is_finished() && moved.elapsed() < STILL {
                let taken = seat.taken.load(Ordering::Relaxed);
                if std::mem::replace(&mut last, taken) != taken {
                    moved = Instant::now();
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }
}

impl Seat {
    /// A seat for somebody who is shown things by `show`; none where the system has
    /// no thread left.
    fn take(name: &str, show: impl FnOnce(&AtomicU64) + Send + 'static) -> Option<Self> {
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&taken);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || show(&counted));
        match thread {
            Ok(thread) => Some(Self { thread, taken }),
            Err(error) => {
                warn(&format!("no thread for the {name}: {error}"));
                None
            }
        }
    }
}

/// Draws until the end. It keeps a summary of its own: to look at the journal's
/// while a terminal takes its time would hold up the run.
fn show(
    mut display: Box<dyn Progress>,
    follower: &Follower,
    taken: &AtomicU64,
) -> std::io::Result<()> {
    let mut summary: Option<Summary> = None;
    loop {
        let batch = follower.wait(TICK);
        if batch.missed > 0 {
            summary = follower.summary();
        }
        for envelope in &batch.events {
            fold(&mut summary, envelope);
            if let Some(summary) = &summary {
                display.show(envelope, summary)?;
            }
            taken.store(envelope.seq, Ordering::Relaxed);
        }
        if let Some(summary) = &summary {
            display.tick(now(), summary)?;
        }
        if batch.is_last {
            return display.finish();
        }
    }
}

fn fold(summary: &mut Option<Summary>, envelope: &Envelope) {
    match summary {
        None => *summary = Summary::begin(envelope),
        Some(summary) => summary.apply(&envelope.event),
    }
}

/// Prints every event as a line of JSON.
fn print(follower: &Follower, taken: &AtomicU64) -> std::io::Result<()> {
    loop {
        let Batch {
            missed,
            events,
            is_last,
        } = follower.wait(Duration::from_secs(60));
        let mut lines = Vec::new();
        if missed > 0 {
            serde_json::to_writer(&mut lines, &json!({"event": "missed", "events": missed}))?;
            lines.push(b'\n');
        }
        for envelope in &events {
            serde_json::to_writer(&mut lines, envelope.as_ref())?;
            lines.push(b'\n');
        }
        let mut rest = lines.as_slice();
        // In pieces, so that a reader who is slow is seen to be reading.
        while !rest.is_empty() {
            let mut stdout = std::io::stdout().lock();
            let some = &rest[..rest.len().min(1 << 16)];
            stdout.write_all(some)?;
            stdout.flush()?;
            rest = &rest[some.len()..];
            taken.fetch_add(some.len() as u64, Ordering::Relaxed);
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Milliseconds since 1970-01-01 UTC.
fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
