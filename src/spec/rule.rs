use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use globset::{Glob, GlobMatcher};

use super::choice::PLAIN;
use super::{DatabaseChoice, Place, Placed, PythonChoice, VariantChoice};
use crate::model::Cell;

/// A glob, as typed and as used.
#[derive(Debug, Clone)]
pub struct Pattern {
    typed: Arc<str>,
    glob: GlobMatcher,
}

impl Pattern {
    /// Understands a glob.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn new(typed: &str) -> Result<Self, String> {
        if typed.contains(char::is_control) {
            return Err("a glob is plain text".to_owned());
        }
        match Glob::new(typed) {
            Ok(glob) => Ok(Self {
                typed: typed.into(),
                glob: glob.compile_matcher(),
            }),
            Err(error) => Err(error.kind().to_string()),
        }
    }

    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// Whether the whole word matches.
    pub fn matches(&self, word: &str) -> bool {
        self.glob.is_match(word)
    }

    /// Whether it is a word and matches no other.
    pub fn is_word(&self) -> bool {
        !self.typed.contains(['*', '?', '[', '{'])
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.typed == other.typed
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

/// Globs over the parts of a cell; one that is not there matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellGlobs {
    /// Over the branch.
    pub branch: Option<Pattern>,
    /// Over the Python.
    pub python: Option<Pattern>,
    /// Over the database spec.
    pub database: Option<Pattern>,
    /// Over the variant, `plain` where there is none.
    pub variant: Option<Pattern>,
}

/// Whether a glob that may be absent matches.
pub fn fits(pattern: Option<&Pattern>, word: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.matches(word))
}

impl CellGlobs {
    /// Whether they all match.
    pub fn match_cell(&self, cell: &Cell) -> bool {
        fits(self.branch.as_ref(), &cell.branch)
            && fits(self.python.as_ref(), &cell.python.to_string())
            && fits(self.database.as_ref(), &cell.database.to_string())
            && fits(
                self.variant.as_ref(),
                cell.variant.as_deref().unwrap_or(PLAIN),
            )
    }
}

impl fmt::Display for CellGlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = [
            ("branch", &self.branch),
            ("python", &self.python),
            ("database", &self.database),
            ("variant", &self.variant),
        ]
        .into_iter()
        .filter_map(|(name, glob)| Some(format!("{name} {}", glob.as_ref()?)))
        .collect();
        if parts.is_empty() {
            return f.write_str("everything");
        }
        f.write_str(&parts.join(", "))
    }
}

/// A rule that leaves cells out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclude {
    /// Which.
    pub globs: CellGlobs,
    /// Why, for the reader of `djbuild matrix`.
    pub reason: Arc<str>,
    /// Where it is.
    pub place: Place,
}

/// Cells beyond the lists of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// On which branches.
    pub branch: Option<Pattern>,
    /// On which Pythons; those of the file where it does not say.
    pub pythons: Option<Vec<Placed<PythonChoice>>>,
    /// On which databases, likewise.
    pub databases: Option<Vec<Placed<DatabaseChoice>>>,
    /// In which variants, likewise.
    pub variants: Option<Vec<Placed<VariantChoice>>>,
    /// Where it is.
    pub place: Place,
}

/// Something that has to be true of the matrix, or of what is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// Only where the source has such a branch.
    pub branch: Option<Pattern>,
    /// What.
    pub claim: Claim,
    /// Where it is.
    pub place: Place,
}

/// What an [`Expect`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Some cell that matches runs.
    Runs(Pattern),
    /// Some cell that matches is left out, and none of them runs.
    LeftOut {
        /// Which.
        cell: Pattern,
        /// A part of the reason.
        because: Option<String>,
    },
    /// So many cells run on each branch.
    Count(usize),
    /// A commit sets off these schedulers and no others; the branch is the one it is on.
    Requests {
        /// The files that it changes, as paths from the root of the tree.
        touches: Vec<String>,
        /// The names of the schedulers, which may be none.
        schedulers: Vec<String>,
    },
}

/// A named variation of settings, environment or flags.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Its name, the last part of its cells' names.
    pub name: Arc<str>,
    /// One line on what it is for.
    pub description: String,
    /// The cells it makes sense on.
    pub only: CellGlobs,
    /// What it changes.
    pub change: VariantChange,
    /// Where it is defined.
    pub place: Place,
}

impl Variant {
    /// The cells it is for, for those that it is not for.
    pub fn scope(&self) -> String {
        format!("{} is for {} ({})", self.name, self.only, self.place)
    }
}

/// What a variant changes about a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VariantChange {
    /// OPTIONS of every database.
    pub database_options: BTreeMap<String, serde_json::Value>,
    /// Django settings.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// Flags for `runtests.py`.
    pub flags: Vec<String>,
    /// Flags for Python in place of `-Wall`.
    pub python_flags: Option<Vec<String>>,
}
