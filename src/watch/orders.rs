use crate::model::{Moment, redacted};
use crate::run::Request;
use crate::spec::{Place, Receiver, Scheduler, Watch};

/// What a watcher goes by: its file, as it was when it was read.
#[derive(Debug, Clone)]
pub struct Orders {
    /// What is watched.
    pub watch: Watch,
    /// What runs are like where nothing else is said of them.
    pub base: Request,
    /// When it was read.
    pub since: Moment,
}

impl Orders {
    /// What is other in newer ones, in a few words each.
    pub fn changes_to(&self, new: &Self) -> Vec<String> {
        let (old, new, base) = (&self.watch, &new.watch, &new.base);
        let mut changes = Vec::new();
        let schedulers = |watch: &Watch| {
            let what = |one: &Scheduler| Scheduler {
                place: nowhere(),
                ..one.clone()
            };
            named(&watch.schedulers, |one| &one.name, what)
        };
        compare(
            "scheduler",
            &schedulers(old),
            &schedulers(new),
            &mut changes,
        );
        let sources = |watch: &Watch| {
            let all = watch.sources.iter();
            all.map(|source| (redacted(&source.value), source.value.clone()))
                .collect::<Vec<_>>()
        };
        compare("source", &sources(old), &sources(new), &mut changes);
        let receivers = |watch: &Watch| {
            let what = |one: &Receiver| Receiver {
                place: nowhere(),
                ..one.clone()
            };
            named(&watch.receivers, |one| &one.name, what)
        };
        compare("receiver", &receivers(old), &receivers(new), &mut changes);
        if old.interval != new.interval {
            let every = humantime::format_duration(new.interval);
            changes.push(format!("asked every {every}"));
        }
        if old.bisect_per_day != new.bisect_per_day {
            let runs = new.bisect_per_day;
            changes.push(format!("up to {runs} runs a day search for culprits"));
        }
        if old.links != new.links {
            changes.push("links changed".to_owned());
        }
        if changes.is_empty() && self.base != *base {
            changes.push("the matrix changed".to_owned());
        }
        changes
    }
}

fn named<T, U>(
    all: &[T],
    name: impl Fn(&T) -> &String,
    what: impl Fn(&T) -> U,
) -> Vec<(String, U)> {
    all.iter()
        .map(|one| (name(one).clone(), what(one)))
        .collect()
}

/// It is the same wherever in the file it stands.
fn nowhere() -> Place {
    Place {
        file: "".into(),
        line: 0,
    }
}

fn compare<T: PartialEq>(
    word: &str,
    old: &[(String, T)],
    new: &[(String, T)],
    changes: &mut Vec<String>,
) {
    for (name, what) in new {
        match old.iter().find(|(other, _)| other == name) {
            None => changes.push(format!("{word} {name} added")),
            Some((_, before)) if before != what => changes.push(format!("{word} {name} changed")),
            Some(_) => {}
        }
    }
    for (name, _) in old {
        if new.iter().all(|(other, _)| other != name) {
            changes.push(format!("{word} {name} removed"));
        }
    }
}
