//! Schedulers that come after others.

use std::collections::BTreeMap;

use toml::Spanned;

use super::typed::SchedulerTable;
use crate::spec::nearest;
use crate::spec::tables::Table;
use crate::spec::words::Reading;

/// The schedulers that a file names, as far as they are known.
pub fn names(tables: &[Table<SchedulerTable>]) -> Vec<&str> {
    let names = tables.iter().filter_map(|table| table.value.name.as_ref());
    names.map(|name| name.get_ref().as_str()).collect()
}

impl Reading<'_> {
    /// Tells of schedulers that come after one that is not there, or in the end after
    /// themselves.
    pub fn afters(&mut self, tables: &[Table<SchedulerTable>]) {
        let known = names(tables);
        let mut before: BTreeMap<&str, &Spanned<String>> = BTreeMap::new();
        for table in tables.iter().map(|table| &table.value) {
            let Some(after) = &table.after else { continue };
            if known.len() == tables.len() && !known.contains(&after.get_ref().as_str()) {
                self.no_scheduler(after, &known);
            }
            if let Some(name) = &table.name {
                before.entry(name.get_ref()).or_insert(after);
            }
        }
        let mut told: Vec<&str> = Vec::new();
        for name in known {
            let circle = circle(name, &before);
            let Some(after) = before.get(name).filter(|_| !circle.is_empty()) else {
                continue;
            };
            if told.contains(&name) {
                continue;
            }
            let message = match circle.as_slice() {
                [only] => format!("{only} comes after itself"),
                several => format!("{} come after each other in a circle", several.join(", ")),
            };
            self.findings
                .add(after.span(), message)
                .help("one of them is to be set off by commits or a cron");
            told.extend(circle);
        }
    }

    /// Tells that a scheduler is not there.
    pub fn no_scheduler(&mut self, word: &Spanned<String>, known: &[&str]) {
        let name = word.get_ref();
        let problem = self
            .findings
            .add(word.span(), format!("no scheduler is called {name}"));
        problem.help(match nearest(name, known) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("there are {}", known.join(", ")),
        });
    }
}

/// The way from a scheduler back to itself, by those that each comes after.
fn circle<'a>(name: &'a str, before: &BTreeMap<&str, &'a Spanned<String>>) -> Vec<&'a str> {
    let mut way = vec![name];
    let mut at = name;
    while let Some(after) = before.get(at) {
        at = after.get_ref();
        if at == name {
            return way;
        }
        if way.contains(&at) {
            break;
        }
        way.push(at);
    }
    Vec::new()
}
