use super::Support;
use super::axes::{Axes, Mask, resolve_databases};
use super::select::{Selection, choice_of, kind_of};
use crate::model::{DatabaseSpec, PythonSpec};
use crate::spec::{PLAIN, Pattern, Spec, VariantChoice};

/// One filter, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// `python`, `database`, `variant`.
    pub flag: &'static str,
    /// The glob or word.
    pub typed: String,
}

/// A filter that matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--{} {} matches nothing; there {} {}", filter.flag, filter.typed, if known.len() == 1 { "is" } else { "are" }, known.join(", "))]
pub struct Unmatched {
    /// Which.
    pub filter: Filter,
    /// What it could have matched.
    pub known: Vec<String>,
}

/// What the filters of each axis have matched so far.
pub struct Usage<'a> {
    pythons: Used<'a>,
    databases: Used<'a>,
    variants: Used<'a>,
}

struct Used<'a> {
    flag: &'static str,
    patterns: &'a Vec<Pattern>,
    matched: Vec<bool>,
    known: Vec<String>,
}

impl<'a> Usage<'a> {
    /// Nothing so far.
    pub fn of(selection: &'a Selection) -> Self {
        let axis = |flag, patterns: &'a Vec<Pattern>| Used {
            flag,
            patterns,
            matched: vec![false; patterns.len()],
            known: Vec::new(),
        };
        Self {
            pythons: axis("python", &selection.pythons),
            databases: axis("database", &selection.databases),
            variants: axis("variant", &selection.variants),
        }
    }

    /// Which values of a branch are wanted.
    pub fn wanted(&mut self, axes: &Axes, spec: &Spec, support: &Support) -> Mask {
        let mut pythons = |python: &PythonSpec| {
            let word = python.to_string();
            self.pythons.take(&word, |pattern| pattern.matches(&word))
        };
        let pythons = axes.pythons.iter().map(&mut pythons).collect();
        let mut databases = |database: &DatabaseSpec| {
            let word = database.to_string();
            self.databases.take(&word, |pattern| {
                pattern.matches(&word)
                    || kind_of(pattern) == Some(database.kind)
                    || choice_of(pattern).is_some_and(|choice| {
                        resolve_databases([choice], support, &spec.releases).contains(database)
                    })
            })
        };
        let databases = axes.databases.iter().map(&mut databases).collect();
        let mut variants = |variant: &VariantChoice| {
            let word = variant.as_deref().unwrap_or(PLAIN);
            self.variants.take(word, |pattern| pattern.matches(word))
        };
        Mask {
            pythons,
            databases,
            variants: axes.variants.iter().map(&mut variants).collect(),
        }
    }

    /// The filters that have matched nothing on any branch.
    pub fn unmatched(self) -> Vec<Unmatched> {
        [self.pythons, self.databases, self.variants]
            .into_iter()
            .flat_map(Used::unmatched)
            .collect()
    }
}

impl Used<'_> {
    fn take(&mut self, word: &str, matches: impl Fn(&Pattern) -> bool) -> bool {
        if self.patterns.is_empty() {
            return true;
        }
        if !self.known.iter().any(|known| known == word) {
            self.known.push(word.to_owned());
        }
        let mut any = false;
        for (pattern, matched) in self.patterns.iter().zip(&mut self.matched) {
            if matches(pattern) {
                (any, *matched) = (true, true);
            }
        }
        any
    }

    fn unmatched(self) -> Vec<Unmatched> {
        let idle = self.patterns.iter().zip(&self.matched);
        idle.filter(|(_, matched)| !**matched)
            .map(|(pattern, _)| Unmatched {
                filter: Filter {
                    flag: self.flag,
                    typed: pattern.to_string(),
                },
                known: self.known.clone(),
            })
            .collect()
    }
}
