use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::args::Format;
use super::error::CliError;
use crate::event::{Envelope, Event, Summary};
use crate::progress::Progress;
use crate::store::Recorder;

/// Events under way between the engine and the sinks.
pub const BACKLOG: usize = 1024;
/// How often live displays move.
const TICK: Duration = Duration::from_millis(200);

/// Everything that events go to. One that fails is told of once and dropped;
/// the run and the others go on.
pub struct Sinks {
    pub progress: Option<Box<dyn Progress>>,
    pub recorder: Option<Recorder>,
    pub format: Format,
}

impl Sinks {
    /// Takes events until the run ends, and returns what it came to.
    pub async fn drain(mut self, mut events: mpsc::Receiver<Envelope>) -> Option<Summary> {
        let mut summary: Option<Summary> = None;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                envelope = events.recv() => {
                    let Some(envelope) = envelope else { break };
                    match &mut summary {
                        None => summary = Summary::begin(&envelope),
                        Some(summary) => summary.apply(&envelope.event),
                    }
                    if let Some(summary) = &summary {
                        self.take(&envelope, summary);
                    }
                    // Whoever still could send has nothing to say about this run.
                    if matches!(envelope.event, Event::RunFinished { .. }) {
                        break;
                    }
                }
                _ = ticks.tick() => {
                    if let (Some(progress), Some(summary)) = (&mut self.progress, &summary) {
                        let shown = progress.tick(now(), summary);
                        keep(&mut self.progress, shown, "the display");
                    }
                }
            }
        }
        if let Some(progress) = &mut self.progress {
            let finished = progress.finish();
            keep(&mut self.progress, finished, "the display");
        }
        if let (Some(recorder), Some(summary)) = (self.recorder.take(), &summary)
            && let Err(error) = recorder.finish(summary)
        {
            warn(&format!("the run was not kept: {error}"));
        }
        summary
    }

    fn take(&mut self, envelope: &Envelope, summary: &Summary) {
        if let Some(progress) = &mut self.progress {
            let shown = progress.show(envelope, summary);
            keep(&mut self.progress, shown, "the display");
        }
        if let Some(recorder) = &mut self.recorder {
            let kept = recorder.record(envelope);
            keep(&mut self.recorder, kept, "keeping the run");
        }
        if self.format == Format::Json && print_json(envelope).is_err() {
            warn("nobody reads the events any more; the run goes on and is kept");
            self.format = Format::Text;
        }
    }
}

fn keep<S, E: std::fmt::Display>(sink: &mut Option<S>, result: Result<(), E>, what: &str) {
    if let Err(error) = result {
        warn(&format!(
            "{what} failed and is left out from here on: {error}"
        ));
        *sink = None;
    }
}

/// Says something on standard error, which may be closed: then nobody is left
/// to be told, and that is no reason to stop.
pub fn warn(message: &str) {
    let _ = writeln!(std::io::stderr(), "djbuild: {message}");
}

/// Says something on standard output. Whoever read it may be gone, which is no
/// reason to leave work undone; a disk that is full is one to fail.
///
/// # Errors
/// When it could not be written.
pub fn say(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(CliError::Write {
            path: "standard output".into(),
            error,
        }),
        _ => Ok(()),
    }
}

fn print_json(envelope: &Envelope) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, envelope)?;
    out.write_all(b"\n")
}

fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
