use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::files::Files;
use super::scheduler::{Collapse, First, Job, Scheduler, Suite};
use super::typed::SchedulerTable;
use super::words::bare;
use crate::spec::Pattern;
use crate::spec::choice::SUPPORTED_BRANCHES;
use crate::spec::tables::Table;
use crate::spec::value::Words;
use crate::spec::words::Reading;

const COLLAPSES: [(&str, Collapse); 2] = [("newest", Collapse::Newest), ("never", Collapse::Never)];
const COVERS: [(&str, &str); 4] = [
    ("all", "all"),
    ("pairwise", "pairwise"),
    ("each", "each"),
    ("min-max", "min-max"),
];

impl Reading<'_> {
    /// The schedulers of a file, those that are right.
    pub fn schedulers(&mut self, tables: &[Table<SchedulerTable>]) -> Vec<Scheduler> {
        let mut schedulers = Vec::new();
        let mut seen = BTreeMap::new();
        for spanned in tables {
            let name = spanned.value.name.as_ref();
            let name = self.only_name("a scheduler", name, spanned, &mut seen);
            schedulers.extend(self.scheduler(name, spanned));
        }
        self.afters(tables);
        schedulers
    }

    /// A name that no other of its kind has.
    pub fn only_name<T>(
        &mut self,
        what: &str,
        name: Option<&Spanned<String>>,
        spanned: &Table<T>,
        seen: &mut BTreeMap<String, Range<usize>>,
    ) -> Option<String> {
        let Some(word) = name else {
            if spanned.is_whole {
                self.findings
                    .add(spanned.span.clone(), format!("{what} needs a name"))
                    .help("name = \"…\"");
            }
            return None;
        };
        let name = self.name(word)?;
        if let Some(first) = seen.get(&name) {
            self.findings
                .add(word.span(), format!("{name} is there twice"))
                .other(first.clone(), "first here");
            return None;
        }
        seen.insert(name.clone(), word.span());
        Some(name)
    }

    fn scheduler(
        &mut self,
        name: Option<String>,
        spanned: &Table<SchedulerTable>,
    ) -> Option<Scheduler> {
        let table = &spanned.value;
        let branches = self.watched_branches(spanned);
        let trigger = self.trigger(spanned);
        let files = self.files(table.files.as_ref());
        let collapse = table.collapse.as_ref();
        let collapse = collapse.map_or(Some(Collapse::Newest), |w| self.choice(w, &COLLAPSES));
        let first = table.first.as_ref();
        let first = first.map_or(Some(First::Tip), |word| self.first(word));
        let mut locks = self.names(table.locks.as_ref());
        locks.sort_unstable();
        locks.dedup();
        let job = Job::Suite(self.suite(table));
        Some(Scheduler {
            name: name?,
            branches: branches?,
            trigger: trigger?,
            files: files?,
            collapse: collapse?,
            first: first?,
            cancel_superseded: table.cancel_superseded,
            priority: table
                .priority
                .as_ref()
                .map_or(0, |number| *number.get_ref()),
            locks,
            job,
            place: self.findings.file.place(spanned.span.start),
        })
    }

    fn watched_branches(&mut self, spanned: &Table<SchedulerTable>) -> Option<Vec<Pattern>> {
        let table = &spanned.value;
        let help = "branches = [\"main\", \"stable/*\"]";
        let Some(whole) = &table.branches else {
            // Those of the scheduler that it comes after.
            let everything = Pattern::new("*").ok().filter(|_| table.after.is_some());
            if everything.is_none() && spanned.is_whole {
                self.findings
                    .add(spanned.span.clone(), "a scheduler needs branches")
                    .help(help);
            }
            return everything.map(|glob| vec![glob]);
        };
        let words = Words::each(whole);
        if words.is_empty() {
            self.findings
                .add(whole.span(), "a scheduler needs branches")
                .help(help);
            return None;
        }
        if let Some(word) = words.iter().find(|w| w.get_ref() == SUPPORTED_BRANCHES) {
            let message = format!("{SUPPORTED_BRANCHES} is a word for matrices");
            self.findings.add(word.span(), message).help(help);
            return None;
        }
        Some(self.patterns(Some(whole)))
    }

    fn files(&mut self, words: Option<&Spanned<Words>>) -> Option<Files> {
        let words = words.map(Words::each).unwrap_or_default();
        for word in &words {
            self.text(word)?;
            if let Err(problem) = Files::new([word.get_ref().as_str()]) {
                self.findings
                    .add(word.span(), problem)
                    .help("globs have * ? [abc] and {this,that}; ! before one leaves files out");
            }
        }
        Files::new(words.iter().map(|word| word.get_ref().as_str())).ok()
    }

    fn first(&mut self, word: &Spanned<String>) -> Option<First> {
        let typed = word.get_ref().as_str();
        // What git takes for the name of a branch or a tag; a commit is one too.
        let strange = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
        match typed {
            "tip" => Some(First::Tip),
            "nothing" => Some(First::Nothing),
            _ if typed.is_empty()
                || typed.starts_with('-')
                || typed.contains("..")
                || typed.contains(strange) =>
            {
                self.findings
                    .add(word.span(), format!("{typed:?} is no revision"))
                    .help("tip, nothing, or a commit, tag or branch");
                None
            }
            revision => Some(First::Since(revision.to_owned())),
        }
    }

    fn names(&mut self, words: Option<&Spanned<Words>>) -> Vec<String> {
        let words = words.map(Words::each).unwrap_or_default();
        words.iter().filter_map(|word| self.name(word)).collect()
    }

    fn suite(&mut self, table: &SchedulerTable) -> Suite {
        let globs = |reading: &mut Self, words: &Option<Spanned<Words>>| {
            let globs = reading.patterns(words.as_ref());
            globs.iter().map(ToString::to_string).collect()
        };
        let labels = table.labels.as_ref().map(Words::each).unwrap_or_default();
        let cover = table.cover.as_ref();
        Suite {
            matrix: table.matrix.as_ref().and_then(|word| self.text(word)),
            pythons: globs(self, &table.pythons),
            databases: globs(self, &table.databases),
            variants: globs(self, &table.variants),
            cover: cover
                .and_then(|word| self.choice(word, &COVERS))
                .map(str::to_owned),
            labels: bare(self.distinct(&labels, Reading::text)),
            flags: self.texts(table.flags.as_ref()),
        }
    }
}
