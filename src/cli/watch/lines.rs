//! What a watcher says on the way: a line for each thing that happens.

use crate::cli::say::warn;
use crate::model::{Moment, plural, printable};
use std::net::SocketAddr;

use crate::spec::{Page, Watch};
use crate::watch::{Ending, Happening};

/// Says what happens.
pub fn tell(happening: &Happening) {
    match happening {
        Happening::Polled {
            place,
            changes,
            troubles,
        } => {
            if *changes > 0 {
                warn(&format!(
                    "{place}: {}",
                    plural(*changes as u64, "new commit")
                ));
            }
            for trouble in troubles {
                warn(&format!("{place}: {trouble}"));
            }
        }
        Happening::Begun(request) => {
            let asked = &request.asked;
            warn(&format!(
                "request {}: {} at {}, for {} ({})",
                request.id,
                printable(&asked.branch),
                short(&asked.revision),
                asked.scheduler,
                printable(&asked.reason)
            ));
        }
        Happening::Ended {
            request,
            ending,
            summary,
        } => {
            let told = match (ending, summary) {
                (Ending::Run(verdicts), Some(summary)) => format!(
                    "{} ({}, {}): djbuild show {}",
                    verdicts.outcome,
                    plural(verdicts.cells.len() as u64, "cell"),
                    crate::model::duration(summary.seconds.unwrap_or_default()),
                    verdicts.run
                ),
                (Ending::Run(verdicts), None) => verdicts.outcome.to_string(),
                (Ending::Without { outcome, word }, _) => format!("{outcome}: {word}"),
            };
            warn(&format!("request {request}: {told}"));
        }
        Happening::Trouble(why) => warn(why),
    }
}

/// What a watcher says when it begins.
pub fn begun(watch: &Watch) -> String {
    let places: Vec<&str> = watch.sources.iter().map(|one| one.value.as_str()).collect();
    let every = humantime::format_duration(watch.interval);
    format!(
        "watching {} every {every}, for {}; Ctrl-C ends it",
        places.join(", "),
        plural(watch.schedulers.len() as u64, "scheduler")
    )
}

/// Where the page is.
pub fn listens(address: SocketAddr, page: &Page) -> String {
    let url = page.url.clone();
    let url = url.unwrap_or_else(|| format!("http://{address}{}/", page.prefix()));
    if address.ip().is_loopback() {
        format!("how it stands: {url}")
    } else {
        format!("how it stands: {url}, which others on the network reach at {address}")
    }
}

/// Enough of a commit's id to tell it from others.
pub fn short(revision: &str) -> &str {
    revision.get(..10).unwrap_or(revision)
}

/// How long ago a time is, or in how long.
pub fn relative(at: Moment, now: Moment) -> String {
    let words = |time: std::time::Duration| crate::model::duration(time.as_secs_f64());
    if at > now {
        format!("in {}", words(at.since(now)))
    } else {
        format!("{} ago", words(now.since(at)))
    }
}
