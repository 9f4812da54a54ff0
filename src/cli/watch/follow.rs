use std::io::Stderr;
use std::time::Duration;

use crate::cli::error::{CliError, Outcome};
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;
use crate::cli::say::{say, warn};
use crate::event::Summary;
use crate::model::{Outcome as Verdict, RunId, printable};
use crate::progress::{Detail, Plain, Progress};
use crate::run::Home;
use crate::store::farm::{Ended, Farm as Kept, Progress as State};
use crate::store::{Follow, StoreError};
use crate::watch::{Order, now};

/// How often one who follows looks for more.
const POLL: Duration = Duration::from_millis(200);
/// It is asked so seldom why a request waits.
const LOOKS: u32 = 10;
/// How long a second Ctrl-C is waited for.
const SECOND: Duration = Duration::from_secs(3);

/// Follows a request from here until it has ended, or whoever follows has seen enough.
pub async fn follow(home: &Home, request: i64) -> Outcome {
    let mut interrupts = Interrupts::listen();
    let mut kept = home.state.farm()?;
    warn(&format!("request {request} is on the watcher's queue"));
    let mut seen: Option<Seen> = None;
    let (mut waits, mut looks) = (String::new(), 0_u32);
    loop {
        let (state, run) = look(&mut kept, request)?;
        if state == State::Waiting && looks.is_multiple_of(LOOKS) {
            tell_why(request, &mut waits);
        }
        looks = looks.wrapping_add(1);
        if let Some(run) = run
            && seen.as_ref().is_none_or(|seen| seen.run != run)
        {
            warn(&format!("request {request} is run {run}"));
            seen = Some(Seen::new(home, run));
        }
        if let Some(seen) = &mut seen {
            seen.show()?;
        }
        if let State::Ended(ended) = state {
            return end(request, &ended, seen);
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = interrupts.next() => {
                let run = seen.map(|seen| seen.run);
                return leave(request, run, &mut interrupts).await;
            }
        }
    }
}

/// Tells why a request waits, where that is another reason than before.
fn tell_why(request: i64, before: &mut String) {
    let waiting = super::seen()
        .map(|status| status.waiting)
        .unwrap_or_default();
    let row = waiting.into_iter().find(|row| row.request == request);
    if let Some(why) = row.and_then(|row| row.waits)
        && why != *before
    {
        warn(&format!("request {request} waits: {}", printable(&why)));
        *before = why;
    }
}

/// A run, as far as it was shown.
struct Seen {
    run: RunId,
    follow: Follow,
    summary: Option<Summary>,
    progress: Plain<Stderr>,
}

impl Seen {
    fn new(home: &Home, run: RunId) -> Self {
        Self {
            follow: Follow::new(&home.state, &run, 0),
            run,
            summary: None,
            progress: Plain::new(std::io::stderr(), Detail::Normal),
        }
    }

    /// Shows what has happened meanwhile.
    fn show(&mut self) -> Result<(), CliError> {
        while let Some(envelope) = self.follow.read()? {
            match &mut self.summary {
                None => self.summary = Summary::begin(&envelope),
                Some(summary) => summary.apply(&envelope.event),
            }
            if let Some(summary) = &self.summary {
                // Nobody may be left to be shown it: the run goes on.
                let _ = self.progress.show(&envelope, summary);
            }
        }
        if let Some(summary) = &self.summary {
            let now = u64::try_from(now().0).unwrap_or_default();
            let _ = self.progress.tick(now, summary);
        }
        Ok(())
    }
}

fn look(kept: &mut Kept, request: i64) -> Result<(State, Option<RunId>), CliError> {
    let found = kept.look(|book| {
        let row = book.request(request)?;
        let run = book
            .attempts(request)?
            .into_iter()
            .rev()
            .find_map(|one| one.run);
        Ok::<_, StoreError>(row.map(|row| (row.progress, run)))
    })?;
    found.ok_or_else(|| CliError::Usage(format!("there is no request {request} any more")))
}

fn end(request: i64, ended: &Ended, seen: Option<Seen>) -> Outcome {
    let word = match ended.word.as_str() {
        "" => String::new(),
        word => format!(": {}", printable(word)),
    };
    let show = seen.map_or_else(String::new, |seen| format!("; djbuild show {}", seen.run));
    say(&format!(
        "request {request}: {}{word}{show}\n",
        ended.outcome
    ))?;
    let verdict: Result<Verdict, _> = serde_json::from_value(ended.outcome.clone().into());
    Ok(verdict.map_or(Exit::Infrastructure, Exit::of))
}

/// Leaves it to itself, unless its end is wanted at once.
async fn leave(request: i64, run: Option<RunId>, interrupts: &mut Interrupts) -> Outcome {
    let back = match run {
        Some(run) => format!("`djbuild logs --follow {run}` comes back to it"),
        None => "`djbuild status` shows how it goes".to_owned(),
    };
    warn(&format!(
        "request {request} goes on, and {back}; Ctrl-C once more ends it"
    ));
    tokio::select! {
        () = tokio::time::sleep(SECOND) => {}
        () = interrupts.next() => {
            super::steer::tell(Order::Cancel { request })?;
        }
    }
    Ok(Exit::Interrupted)
}
