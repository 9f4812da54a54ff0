use std::ops::Range;

use toml::Spanned;

use crate::spec::value::Words;
use crate::spec::words::Reading;
use crate::spec::{Pattern, Placed};

impl Reading<'_> {
    /// What may be shown to people and handed to programs.
    pub fn text(&mut self, word: &Spanned<String>) -> Option<String> {
        let typed = word.get_ref();
        let what = if typed.trim().is_empty() {
            "this says nothing"
        } else if typed.contains(char::is_control) {
            "this is to be a line of plain text"
        } else {
            return Some(typed.clone());
        };
        self.findings.add(word.span(), what);
        None
    }

    /// Words in the order they are typed, which may be there twice.
    pub fn texts(&mut self, words: Option<&Spanned<Words>>) -> Vec<String> {
        let words = words.map(Words::each).unwrap_or_default();
        words.iter().filter_map(|word| self.text(word)).collect()
    }

    /// Names of one kind of thing, apart from those that are none.
    pub fn name(&mut self, word: &Spanned<String>) -> Option<String> {
        let typed = word.get_ref();
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        // Dots alone are folders.
        if typed.chars().all(known) && typed.contains(|c: char| c.is_ascii_alphanumeric()) {
            return Some(typed.clone());
        }
        self.findings
            .add(word.span(), format!("{typed:?} is no name"))
            .help("letters, digits, - _ and . make one");
        None
    }

    /// Globs over words of another's, none twice.
    pub fn patterns(&mut self, words: Option<&Spanned<Words>>) -> Vec<Pattern> {
        let words = words.map(Words::each).unwrap_or_default();
        let understand = |reading: &mut Self, word: &Spanned<String>| {
            reading.text(word)?;
            reading.glob(Some(word))
        };
        bare(self.distinct(&words, understand))
    }

    /// One of some words.
    pub fn choice<T: Copy>(&mut self, word: &Spanned<String>, words: &[(&str, T)]) -> Option<T> {
        let typed = word.get_ref();
        let found = words.iter().find(|(known, _)| known == typed);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            self.findings
                .add(word.span(), format!("{typed:?} is unknown here"))
                .suggest(typed, &known);
        }
        found.map(|(_, value)| *value)
    }

    /// Tells of a key that is there beside another that leaves no room for it.
    pub fn apart<T>(
        &mut self,
        (name, key): (&str, Option<&Spanned<T>>),
        (other, at): (&str, Range<usize>),
    ) {
        if let Some(key) = key {
            self.findings
                .add(key.span(), format!("{name} does not go with {other}"))
                .other(at, format!("{other} is here"));
        }
    }

    /// Tells of a key that says nothing without another.
    pub fn only_with<T>(&mut self, name: &str, key: Option<&Spanned<T>>, other: &str) {
        if let Some(key) = key {
            self.findings
                .add(key.span(), format!("{name} goes with {other}"));
        }
    }
}

/// Values without their places.
pub fn bare<T>(placed: Vec<Placed<T>>) -> Vec<T> {
    placed.into_iter().map(|placed| placed.value).collect()
}
