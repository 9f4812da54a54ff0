//! What a file expects of its own schedulers.

use super::Scheduler;
use super::circle::names;
use super::read::TypedWatch;
use crate::spec::Claim;
use crate::spec::tables::Table;
use crate::spec::typed::ExpectTable;
use crate::spec::value::Words;
use crate::spec::words::Reading;

impl Reading<'_> {
    /// What an expect says of a commit, if it does.
    pub fn requested(&mut self, spanned: &Table<ExpectTable>) -> Option<Claim> {
        let table = &spanned.value;
        let (touches, requests) = match (&table.touches, &table.requests) {
            (Some(touches), Some(requests)) => (touches, requests),
            (Some(touches), None) if spanned.is_whole => {
                self.findings
                    .add(touches.span(), "touches goes with requests")
                    .help("requests = [\"…\"], the names of schedulers, or []");
                return None;
            }
            (None, requests) if spanned.is_whole => {
                self.only_with("requests", requests.as_ref(), "touches");
                return None;
            }
            _ => return None,
        };
        let files = Words::each(touches);
        if files.is_empty() {
            self.findings
                .add(touches.span(), "this names no file")
                .help("touches = [\"docs/index.txt\"]");
            return None;
        }
        if let Some(file) = files.iter().find(|file| file.get_ref().starts_with('/')) {
            self.findings
                .add(file.span(), "a path begins at the root of the tree")
                .help("leave out the / before it");
        }
        Some(Claim::Requests {
            touches: self.texts(Some(touches)),
            schedulers: self.texts(Some(requests)),
        })
    }

    /// Schedulers that are expected to do something and are not there.
    pub fn requests(&mut self, expects: &[Table<ExpectTable>], watch: Option<&TypedWatch>) {
        let typed = watch.map(|watch| watch.schedulers.as_slice());
        let known = match typed {
            None => Vec::new(),
            Some([]) => vec![Scheduler::USUAL],
            Some(tables) => names(tables),
        };
        for requests in expects.iter().filter_map(|e| e.value.requests.as_ref()) {
            let words = Words::each(requests);
            let Some(tables) = typed else {
                self.findings
                    .add(requests.span(), "nothing is watched here")
                    .help("begin a table with [watch]");
                continue;
            };
            // Of those whose names could not be read, nobody knows what they are.
            for word in words.iter().filter(|_| known.len() >= tables.len()) {
                if !known.contains(&word.get_ref().as_str()) {
                    self.no_scheduler(word, &known);
                }
            }
        }
    }
}
