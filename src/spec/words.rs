use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use toml::Spanned;

use super::choice::{PLAIN, SUPPORTED_BRANCHES, VariantChoice};
use super::isolation::Isolation;
use super::problem::{Findings, MatrixText, Placed, nearest};
use super::value::Words;
use super::{BranchChoice, DatabaseChoice, Pattern, PythonChoice, Releases};
use crate::model::{DatabaseKind, ParseError};

/// One file while its words are understood.
pub struct Reading<'a> {
    pub findings: Findings<'a>,
    /// The variants it names, which may be defined in another file.
    pub named_variants: Vec<Spanned<String>>,
}

impl<'a> Reading<'a> {
    pub const fn of(file: &'a MatrixText) -> Self {
        Self {
            findings: Findings::of(file),
            named_variants: Vec::new(),
        }
    }
    /// The words of a list, none twice.
    pub fn list<T>(
        &mut self,
        words: Option<&Spanned<Words>>,
        understand: impl Fn(&mut Self, &Spanned<String>) -> Option<T>,
    ) -> Option<Vec<Placed<T>>> {
        let whole = words?;
        let words = Words::each(whole);
        if words.is_empty() {
            self.findings
                .add(whole.span(), "an empty list leaves no cell")
                .help("leave the key out, or name something");
        }
        Some(self.distinct(&words, understand))
    }

    /// Words of which none may be there twice.
    pub fn distinct<T>(
        &mut self,
        words: &[Spanned<String>],
        understand: impl Fn(&mut Self, &Spanned<String>) -> Option<T>,
    ) -> Vec<Placed<T>> {
        let mut values = Vec::new();
        let mut seen: HashMap<&str, &Spanned<String>> = HashMap::new();
        for word in words {
            if let Some(first) = seen.get(word.get_ref().as_str()) {
                self.findings
                    .add(word.span(), format!("{} is there twice", word.get_ref()))
                    .other(first.span(), "first here");
                continue;
            }
            seen.insert(word.get_ref(), word);
            if let Some(value) = understand(self, word) {
                let place = self.findings.file.place(word.span().start);
                values.push(Placed { value, place });
            }
        }
        values
    }

    pub fn branch(&mut self, word: &Spanned<String>) -> Option<BranchChoice> {
        if word.get_ref() == SUPPORTED_BRANCHES {
            return Some(BranchChoice::Supported);
        }
        if word.get_ref() == "supported" {
            self.findings
                .add(word.span(), "supported is a word for Pythons")
                .suggest(SUPPORTED_BRANCHES, &[SUPPORTED_BRANCHES]);
            return None;
        }
        self.glob(Some(word)).map(BranchChoice::Matching)
    }

    pub fn python(&mut self, word: &Spanned<String>, releases: &Releases) -> Option<PythonChoice> {
        let choice: PythonChoice = self.parse(word, &PythonChoice::WORDS)?;
        if let PythonChoice::Exact(python) = choice
            && let Some(why) = releases.impossible_python(python)
        {
            self.findings.add(word.span(), why);
            return None;
        }
        Some(choice)
    }

    pub fn database(
        &mut self,
        word: &Spanned<String>,
        releases: &Releases,
    ) -> Option<DatabaseChoice> {
        let kinds: Vec<&str> = DatabaseKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let choice: DatabaseChoice = self.parse(word, &kinds)?;
        if let DatabaseChoice::Exact(spec) = choice
            && let Some(why) = releases.impossible_database(spec)
        {
            let kind = spec.kind;
            self.findings
                .add(word.span(), why)
                .help(format!("if it exists, say so: [releases] {kind} = [\"…\"]"));
            return None;
        }
        Some(choice)
    }

    pub fn variant(&mut self, word: &Spanned<String>) -> VariantChoice {
        if word.get_ref() == PLAIN {
            return None;
        }
        self.named_variants.push(word.clone());
        Some(Arc::from(word.get_ref().as_str()))
    }

    pub fn isolation(&mut self, word: &Spanned<String>) -> Option<Isolation> {
        match word.get_ref().as_str() {
            "run" => Some(Isolation::Run),
            "cell" => Some(Isolation::Cell),
            other => {
                self.findings
                    .add(word.span(), format!("isolation {other} is unknown"))
                    .suggest(other, &["run", "cell"]);
                None
            }
        }
    }

    pub fn parse<T: FromStr<Err = ParseError>>(
        &mut self,
        word: &Spanned<String>,
        known: &[&str],
    ) -> Option<T> {
        word.get_ref()
            .parse()
            .map_err(|error: ParseError| {
                let name = word.get_ref();
                let letters = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
                let problem = self
                    .findings
                    .add(word.span(), format!("{name:?}: {}", error.problem));
                let kind = name.trim_end_matches('*').trim_end_matches(':');
                if name.ends_with('*') && known.contains(&kind) {
                    problem.help(format!(
                        "every release is {kind}:*; globs are for rules and filters"
                    ));
                } else if let Some(nearest) = nearest(letters, known)
                    && nearest != letters
                {
                    problem.help(format!("did you mean {nearest}{}?", &name[letters.len()..]));
                }
            })
            .ok()
    }

    pub fn glob(&mut self, word: Option<&Spanned<String>>) -> Option<Pattern> {
        let word = word?;
        Pattern::new(word.get_ref())
            .map_err(|problem| {
                self.findings
                    .add(word.span(), format!("{}: {problem}", word.get_ref()))
                    .help("globs have * ? [abc] and {this,that}");
            })
            .ok()
    }
}
