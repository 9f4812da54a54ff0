//! What a watcher says on the way: a line for each thing that happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::log::{Level, Log};
use crate::model::{Moment, plural, printable, short};
use std::net::SocketAddr;

use crate::spec::{Page, Watch};
use crate::watch::{Ending, Happening};

/// Says what happens.
pub struct Teller {
    log: Arc<Log>,
    /// By repository, what is wrong with it and its branches.
    troubles: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

impl Teller {
    pub fn new(log: Arc<Log>) -> Self {
        Self {
            log,
            troubles: Mutex::default(),
        }
    }

    /// Says what happens, in a line of its own.
    pub fn tell(&self, happening: &Happening) {
        let say = |level, text: &str, fields: Value| self.log.say(level, text, fields);
        match happening {
            Happening::Polled {
                place,
                changes,
                troubles,
            } => {
                let level = if *changes > 0 {
                    Level::Info
                } else {
                    Level::Debug
                };
                let text = format!("{place}: {}", plural(*changes as u64, "new commit"));
                say(
                    level,
                    &text,
                    json!({"repository": place, "commits": changes}),
                );
                for trouble in self.new_troubles(place, troubles) {
                    say(
                        Level::Warn,
                        &format!("{place}: {}", printable(&trouble)),
                        json!({"repository": place}),
                    );
                }
            }
            Happening::Begun(request) => {
                let asked = &request.asked;
                let text = format!(
                    "request {}: {} at {}, for {} ({})",
                    request.id,
                    printable(&asked.branch),
                    short(&asked.revision),
                    asked.scheduler,
                    printable(&asked.reason)
                );
                let fields = json!({
                    "request": request.id, "branch": asked.branch,
                    "revision": asked.revision, "scheduler": asked.scheduler,
                });
                say(Level::Info, &text, fields);
            }
            Happening::Ended {
                request, ending, ..
            } => {
                let text = format!("request {request}: {}", ended(happening));
                let run = match ending {
                    Ending::Run(verdicts) => Some(verdicts.run.to_string()),
                    Ending::Without { .. } => None,
                };
                let fields = json!({
                    "request": request, "outcome": ending.outcome(), "run": run,
                });
                say(Level::Info, &text, fields);
            }
            Happening::Stepped | Happening::Rereads => {}
            Happening::Reread(Ok(changes)) => say(Level::Info, changes, Value::Null),
            Happening::Reread(Err(why)) => {
                let text = format!("the file is wrong, and what it said before holds:\n{why}");
                say(Level::Error, &text, Value::Null);
            }
            Happening::Trouble(why) => say(Level::Warn, &printable(why), Value::Null),
        }
    }

    /// Those that were not told yet: the same again and again is told once.
    fn new_troubles(&self, place: &str, troubles: &[String]) -> Vec<String> {
        let now: BTreeSet<String> = troubles.iter().cloned().collect();
        let mut told = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told
            .insert(place.to_owned(), now.clone())
            .unwrap_or_default();
        if now.is_empty() && !before.is_empty() {
            return vec!["all of it can be followed again".to_owned()];
        }
        now.difference(&before).cloned().collect()
    }
}

fn ended(happening: &Happening) -> String {
    let Happening::Ended {
        ending, summary, ..
    } = happening
    else {
        return String::new();
    };
    match (ending, summary) {
        (Ending::Run(verdicts), Some(summary)) => format!(
            "{} ({}, {}): djbuild show {}",
            verdicts.outcome,
            plural(verdicts.cells.len() as u64, "cell"),
            crate::model::duration(summary.seconds.unwrap_or_default()),
            verdicts.run
        ),
        (Ending::Run(verdicts), None) => verdicts.outcome.to_string(),
        (Ending::Without { outcome, word }, _) => format!("{outcome}: {}", printable(word)),
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

/// How long ago a time is, or in how long.
pub fn relative(at: Moment, now: Moment) -> String {
    let words = |time: std::time::Duration| crate::model::duration(time.as_secs_f64());
    if at > now {
        format!("in {}", words(at.since(now)))
    } else {
        format!("{} ago", words(now.since(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::LogWord;

    #[test]
    fn the_same_trouble_is_told_once_and_its_end_too() {
        let teller = Teller::new(Arc::new(Log::new(LogWord::Text)));
        let bad = ["fix: is at no commit".to_owned()];
        assert_eq!(teller.new_troubles("r", &bad), bad);
        assert!(teller.new_troubles("r", &bad).is_empty());
        let other = ["fix: is away".to_owned()];
        assert_eq!(teller.new_troubles("r", &other), other);
        assert_eq!(teller.new_troubles("r", &[]).len(), 1);
        assert!(teller.new_troubles("r", &[]).is_empty());
        assert_eq!(teller.new_troubles("r", &bad), bad, "after a pause");
    }
}
