use std::time::Duration;

use super::scheduler::{Cron, Release, Trigger};
use super::typed::SchedulerTable;
use crate::spec::tables::Table;
use crate::spec::words::Reading;

const SETTLE: Duration = Duration::from_secs(10);
const SETTLE_MAX: Duration = Duration::from_secs(600);
const RELEASES: [(&str, Release); 2] = [("passed", Release::Passed), ("decided", Release::Decided)];

impl Reading<'_> {
    /// What sets a scheduler off: commits, where it says nothing else.
    pub fn trigger(&mut self, spanned: &Table<SchedulerTable>) -> Option<Trigger> {
        let table = &spanned.value;
        self.keys_apart(spanned);
        if let Some(after) = &table.after {
            let release = table.release.as_ref();
            return Some(Trigger::After {
                scheduler: self.name(after)?,
                release: release.map_or(Some(Release::Passed), |w| self.choice(w, &RELEASES))?,
            });
        }
        if table.cron.is_some() {
            return self.cron(table).map(Trigger::Cron);
        }
        self.settling(table)
    }

    /// Tells of keys of one kind of trigger beside those of another.
    fn keys_apart(&mut self, spanned: &Table<SchedulerTable>) {
        let table = &spanned.value;
        if let Some(after) = &table.after {
            self.apart(("cron", table.cron.as_ref()), ("after", after.span()));
        }
        let instead = match (&table.after, &table.cron) {
            (Some(after), _) => Some(("after", after.span())),
            (None, cron) => cron.as_ref().map(|cron| ("cron", cron.span())),
        };
        if let Some(instead) = instead {
            self.apart(("settle", table.settle.as_ref()), instead.clone());
            self.apart(("settle-max", table.settle_max.as_ref()), instead);
        }
        // A key that could not be read is there all the same.
        if table.cron.is_none() && spanned.is_whole {
            self.only_with("zone", table.zone.as_ref(), "cron");
            self.only_with("only-if-changed", table.only_if_changed.as_ref(), "cron");
            self.only_with("force-every", table.force_every.as_ref(), "cron");
            self.only_with("catch-up", table.catch_up.as_ref(), "cron");
        }
        if table.after.is_none() && spanned.is_whole {
            self.only_with("release", table.release.as_ref(), "after");
        }
    }

    fn cron(&mut self, table: &SchedulerTable) -> Option<Cron> {
        let schedule = table.cron.as_ref().and_then(|word| self.schedule(word));
        let zone = table.zone.as_ref();
        let zone = zone.map_or_else(|| Some("UTC".to_owned()), |word| self.zone(word));
        let force_every = table.force_every.as_ref();
        let force_every = force_every.map(|word| self.length(word, Duration::from_secs(1)));
        let is_false = |truth: &&toml::Spanned<bool>| !truth.get_ref();
        if let (Some(force), Some(never)) = (
            &table.force_every,
            table.only_if_changed.as_ref().filter(is_false),
        ) {
            self.findings
                .add(force.span(), "force-every says nothing here")
                .other(never.span(), "what has not changed is run anyway");
        }
        Some(Cron {
            schedule: schedule?,
            zone: zone?,
            only_if_changed: table.only_if_changed.as_ref().is_none_or(|t| *t.get_ref()),
            force_every: match force_every {
                Some(typed) => Some(typed?),
                None => None,
            },
            catch_up: table.catch_up.as_ref().is_none_or(|t| *t.get_ref()),
        })
    }

    fn settling(&mut self, table: &SchedulerTable) -> Option<Trigger> {
        let typed = [&table.settle, &table.settle_max].map(|word| {
            let word = word.as_ref()?;
            Some(self.length(word, Duration::ZERO))
        });
        let [settle, most] = typed;
        let settle = settle.unwrap_or(Some(SETTLE))?;
        let settle_max = most.unwrap_or(Some(SETTLE_MAX.max(settle)))?;
        if settle_max < settle {
            let (max, settle) = (&table.settle_max, &table.settle);
            let at = max.as_ref().map(toml::Spanned::span).unwrap_or_default();
            let problem = self.findings.add(at, "settle-max is shorter than settle");
            match settle {
                Some(settle) => problem.other(settle.span(), "settle is here"),
                None => {
                    problem.help("settle is 10s where it is not said");
                }
            }
            return None;
        }
        Some(Trigger::Commits { settle, settle_max })
    }
}
