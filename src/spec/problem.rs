use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A line of a matrix file, to be cited.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A value and the line that says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it is said.
    pub place: Place,
}

/// A matrix file, as its author sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixText {
    /// Its name for errors and citations.
    pub name: Arc<str>,
    /// Its content.
    pub text: Arc<str>,
    /// Where each line after the first begins.
    lines: Arc<[usize]>,
}

impl MatrixText {
    /// A file of this name and content.
    pub fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            lines: text.match_indices('\n').map(|(at, _)| at + 1).collect(),
        }
    }

    /// The line that an offset in bytes is on.
    pub fn place(&self, offset: usize) -> Place {
        Place {
            file: Arc::clone(&self.name),
            line: self.lines.partition_point(|start| *start <= offset) + 1,
        }
    }
}

/// One thing that is wrong with a matrix file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file it is in.
    pub file: MatrixText,
    /// The text to underline, in bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What would be right, where that is known.
    pub help: Option<String>,
    /// The other place that this one contradicts or repeats.
    pub other: Option<(Range<usize>, String)>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.file.place(self.span.start);
        let text: &str = self.file.text.get(..self.span.start).unwrap_or_default();
        let column = text.rsplit('\n').next().unwrap_or_default();
        write!(
            f,
            "{place}:{}: {}",
            column.chars().count() + 1,
            self.message
        )?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a matrix file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

/// What is found wrong while one file is read.
pub(super) struct Findings<'a> {
    pub file: &'a MatrixText,
    pub found: Vec<Problem>,
}

impl<'a> Findings<'a> {
    pub const fn of(file: &'a MatrixText) -> Self {
        Self {
            file,
            found: Vec::new(),
        }
    }

    pub fn add(&mut self, span: Range<usize>, message: impl Into<String>) -> &mut Problem {
        let problem = Problem {
            file: self.file.clone(),
            span,
            message: message.into(),
            help: None,
            other: None,
        };
        self.found.push(problem);
        let last = self.found.len() - 1;
        &mut self.found[last]
    }
}

impl Problem {
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn other(&mut self, span: Range<usize>, label: impl Into<String>) {
        self.other = Some((span, label.into()));
    }

    /// Suggests the nearest of the words that would be right.
    pub(super) fn suggest(&mut self, typed: &str, known: &[&str]) {
        self.help = Some(match nearest(typed, known) {
            Some(word) => format!("did you mean {word}?"),
            None => format!("expected {}", either(known)),
        });
    }
}

/// The word most like `typed`, if one is like it at all.
pub fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |word: &str| strsim::jaro_winkler(&typed.to_lowercase(), word);
    known
        .iter()
        .map(|word| (likeness(word), *word))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// `a`, `a or b`, `a, b or c`.
pub fn either(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_recognised_and_another_word_is_not() {
        assert_eq!(
            nearest("pyhtons", &["pythons", "branches"]),
            Some("pythons")
        );
        assert_eq!(nearest("colour", &["pythons", "branches"]), None);
    }

    #[test]
    fn alternatives_read_like_a_sentence() {
        assert_eq!(either(&["a"]), "a");
        assert_eq!(either(&["a", "b", "c"]), "a, b or c");
    }

    #[test]
    fn an_offset_is_on_its_line() {
        let file = MatrixText::new("f.toml", "a\nb\n");
        assert_eq!(file.place(0).to_string(), "f.toml:1");
        assert_eq!(file.place(2).to_string(), "f.toml:2");
        assert_eq!(file.place(99).line, 3, "past the end is the last line");
    }
}
