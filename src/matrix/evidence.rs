use std::fmt::Display;

use super::Support;
use super::axes::resolve_databases;
use crate::model::Cell;
use crate::spec::{BranchChoice, DatabaseChoice, Place, Placed, PythonChoice, Spec, fits};

/// What is known of one part of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// `branch`, `Python`, `database`, `variant`, `include`.
    pub part: &'static str,
    /// What is said of it, and where.
    pub text: String,
}

/// What each part of a cell rests on, and what the lists of the file lack.
pub struct Inquiry<'a> {
    spec: &'a Spec,
    branch: &'a str,
    support: &'a Support,
    cell: &'a Cell,
    evidence: Vec<Evidence>,
    lacks: Vec<String>,
}

impl<'a> Inquiry<'a> {
    /// Looks into every part.
    pub fn of(
        spec: &'a Spec,
        branch: &'a str,
        support: &'a Support,
        cell: &'a Cell,
    ) -> (Vec<Evidence>, Vec<String>) {
        let mut inquiry = Self {
            spec,
            branch,
            support,
            cell,
            evidence: Vec::new(),
            lacks: Vec::new(),
        };
        inquiry.branch();
        inquiry.python();
        inquiry.database();
        inquiry.variant();
        inquiry.includes();
        (inquiry.evidence, inquiry.lacks)
    }

    fn add(&mut self, part: &'static str, said: &[String]) {
        let text = said.join("; ");
        self.evidence.push(Evidence { part, text });
    }

    fn branch(&mut self) {
        let mut choices = self.spec.branches.iter();
        let asked = choices.find(|choice| match &choice.value {
            BranchChoice::Supported => {
                let mut series = self.spec.releases.django.keys();
                self.branch == "main"
                    || series.any(|series| self.branch == format!("stable/{series}.x"))
            }
            BranchChoice::Matching(pattern) => pattern.matches(self.branch),
        });
        let why = match asked {
            Some(choice) => asked_by(&choice.value, &choice.place),
            None => "named by its source, not by the matrix".to_owned(),
        };
        self.add("branch", &[self.branch.to_owned(), why]);
    }

    fn python(&mut self) {
        let python = self.cell.python;
        let supported = self.support.python_specs();
        let mut choices = self.spec.pythons.iter();
        let asked = choices.find(|choice| choice.value.resolve(&supported).contains(&python));
        let mut said = vec![python.to_string()];
        match asked {
            Some(choice) => said.push(asked_by(&choice.value, &choice.place)),
            None => self
                .lacks
                .push(lists("pythons", &self.spec.pythons, &self.spec.name)),
        }
        let mut classifiers = self.support.pythons.iter();
        let classifier = classifiers
            .find(|(known, _)| (known.major, known.minor) == (python.major, python.minor));
        if let Some((known, citation)) = classifier {
            let which = match asked.map(|choice| choice.value) {
                Some(PythonChoice::Newest) => ", the newest",
                Some(PythonChoice::Oldest) => ", the oldest",
                _ => "",
            };
            said.push(format!("classifier {known} ({citation}){which}"));
        }
        self.add("Python", &said);
    }

    fn has_database(&self, choice: DatabaseChoice) -> bool {
        let releases = &self.spec.releases;
        resolve_databases([choice], self.support, releases).contains(&self.cell.database)
    }

    fn database(&mut self) {
        let database = self.cell.database;
        let mut choices = self.spec.databases.iter();
        let asked = choices.find(|choice| self.has_database(choice.value));
        let mut said = vec![database.to_string()];
        match asked {
            Some(choice) => {
                said.push(asked_by(&choice.value, &choice.place));
                if !matches!(choice.value, DatabaseChoice::Exact(_)) {
                    let day = &self.spec.releases.updated;
                    said.push(format!("of the releases known on {day}"));
                }
            }
            None => self
                .lacks
                .push(lists("databases", &self.spec.databases, &self.spec.name)),
        }
        if let Some((minimum, citation)) = self.support.databases.get(&database.kind) {
            let kind = database.kind;
            said.push(format!("{kind} {minimum} or newer is needed ({citation})"));
        }
        self.add("database", &said);
    }

    fn variant(&mut self) {
        let mut listed = self.spec.variants.iter();
        if !listed.any(|choice| choice.value == self.cell.variant) {
            let word = self.cell.variant.as_deref().unwrap_or("plain");
            self.lacks.push(format!("its variants do not list {word}"));
        }
        if let Some(variant) = self.spec.variant(self.cell.variant.as_deref()) {
            let only = format!("for {}", variant.only);
            let place = format!("defined in {}", variant.place);
            self.add("variant", &[variant.name.to_string(), only, place]);
        }
    }

    /// The includes that have it, where the lists have not.
    fn includes(&mut self) {
        if self.lacks.is_empty() {
            return;
        }
        let supported = self.support.python_specs();
        let (python, variant) = (self.cell.python, &self.cell.variant);
        let added: Vec<String> = self
            .spec
            .includes
            .iter()
            .filter(|include| {
                let mut pythons = include.pythons.iter().flatten();
                let mut databases = include.databases.iter().flatten();
                let mut variants = include.variants.iter().flatten();
                let listed = |lacks: &str| !self.lacks.iter().any(|lack| lack.starts_with(lacks));
                fits(include.branch.as_ref(), self.branch)
                    && (include.pythons.is_none() && listed("its pythons")
                        || pythons.any(|choice| choice.value.resolve(&supported).contains(&python)))
                    && (include.databases.is_none() && listed("its databases")
                        || databases.any(|choice| self.has_database(choice.value)))
                    && (include.variants.is_none() && listed("its variants")
                        || variants.any(|choice| choice.value == *variant))
            })
            .map(|include| format!("added by {}", include.place))
            .collect();
        if !added.is_empty() {
            self.add("include", &added);
        }
    }
}

fn asked_by(word: &impl Display, place: &Place) -> String {
    format!("asked for by {word} ({place})")
}

/// What a list of the file has instead.
fn lists<T: Display>(name: &str, list: &[Placed<T>], file: &str) -> String {
    let words: Vec<String> = list.iter().map(|choice| choice.value.to_string()).collect();
    let place = list
        .first()
        .map_or_else(|| file.to_owned(), |choice| choice.place.to_string());
    format!("its {name} are {} ({place})", words.join(", "))
}
