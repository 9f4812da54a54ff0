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
        if old.page != new.page || old.login != new.login {
            changes.push("the page and its logins change when it begins again".to_owned());
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run::Scope;
    use crate::spec::Links;

    fn orders(names: &[(&str, i32)], interval: u64, line: usize) -> Orders {
        let place = Place {
            file: "f".into(),
            line,
        };
        let one = |(name, priority): &(&str, i32)| Scheduler {
            name: (*name).to_owned(),
            priority: *priority,
            ..Scheduler::usual(place.clone())
        };
        Orders {
            watch: Watch {
                sources: Vec::new(),
                interval: Duration::from_secs(interval),
                schedulers: names.iter().map(one).collect(),
                receivers: Vec::new(),
                bisect_per_day: 0,
                login: None,
                page: None,
                links: Links::default(),
                place: place.clone(),
            },
            base: Request::of(Scope::default()),
            since: Moment(0),
        }
    }

    #[test]
    fn what_changed_is_told_by_name_and_where_it_stands_is_nothing() {
        let old = orders(&[("a", 0), ("b", 0)], 60, 1);
        let moved = orders(&[("b", 0), ("a", 0)], 60, 9);
        assert!(old.changes_to(&moved).is_empty());
        let new = orders(&[("a", 1), ("c", 0)], 90, 1);
        assert_eq!(
            old.changes_to(&new),
            [
                "scheduler a changed",
                "scheduler c added",
                "scheduler b removed",
                "asked every 1m 30s"
            ]
        );
        let mut other = orders(&[("a", 0), ("b", 0)], 60, 1);
        other.base.scope.text = Some("pythons = \"3.14\"".to_owned());
        assert_eq!(old.changes_to(&other), ["the matrix changed"]);
    }
}
