use std::collections::HashMap;
use std::ops::Range;

use toml::Spanned;

use super::choice::{PLAIN, VariantChoice};
use super::problem::Placed;
use super::rule::{CellGlobs, Claim, Exclude, Expect, Include, Pattern};
use super::tables::Table;
use super::typed::{ExcludeTable, ExpectTable, IncludeTable};
use super::validate::Part;
use super::words::Reading;
use super::{DatabaseChoice, PythonChoice, Releases};

impl Reading<'_> {
    pub fn excludes(&mut self, tables: &[Table<ExcludeTable>]) -> Vec<Exclude> {
        let mut excludes: Vec<Exclude> = Vec::new();
        let mut seen: HashMap<String, Range<usize>> = HashMap::new();
        for spanned in tables {
            let table = &spanned.value;
            let reason = table.reason.as_ref().map(|r| r.get_ref().trim());
            let reason = reason.unwrap_or_default();
            if reason.is_empty() && spanned.is_whole {
                let at = table
                    .reason
                    .as_ref()
                    .map_or(spanned.span.clone(), Spanned::span);
                self.findings
                    .add(at, "an exclude needs a reason")
                    .help("reason = \"…\", which `djbuild matrix` shows");
            }
            let globs = self.globs([
                &table.branch,
                &table.python,
                &table.database,
                &table.variant,
            ]);
            if reason.contains(char::is_control) {
                self.findings
                    .add(spanned.span.clone(), "a reason is one line of plain text");
            }
            if !spanned.is_whole {
                continue;
            }
            if globs == CellGlobs::default() && !reason.is_empty() {
                self.findings
                    .add(spanned.span.clone(), "this leaves out every cell")
                    .help("name a branch, python, database or variant");
            }
            let place = self.findings.file.place(spanned.span.start);
            if let Some(first) = seen.insert(globs.to_string(), spanned.span.clone()) {
                self.findings
                    .add(
                        spanned.span.clone(),
                        "this leaves out what another already does",
                    )
                    .other(first, "here");
            }
            excludes.push(Exclude {
                globs,
                reason: reason.into(),
                place,
            });
        }
        excludes
    }

    pub fn globs(&mut self, words: [&Option<Spanned<String>>; 4]) -> CellGlobs {
        let [branch, python, database, variant] = words.map(|word| self.glob(word.as_ref()));
        CellGlobs {
            branch,
            python,
            database,
            variant,
        }
    }

    pub fn include(&mut self, spanned: &Table<IncludeTable>, releases: &Releases) -> Include {
        let table = &spanned.value;
        let names = table.python.is_some() || table.database.is_some() || table.variant.is_some();
        if spanned.is_whole && !names {
            self.findings
                .add(spanned.span.clone(), "this adds nothing")
                .help("name a python, a database or a variant");
        }
        Include {
            branch: self.glob(table.branch.as_ref()),
            pythons: self.list(table.python.as_ref(), |r, word| r.python(word, releases)),
            databases: self.list(table.database.as_ref(), |r, word| {
                r.database(word, releases)
            }),
            variants: self.list(table.variant.as_ref(), |r, word| Some(r.variant(word))),
            place: self.findings.file.place(spanned.span.start),
        }
    }

    pub fn expect(&mut self, spanned: &Table<ExpectTable>) -> Option<Expect> {
        let table = &spanned.value;
        let before = self.findings.found.len();
        let cell = self.glob(table.cell.as_ref());
        let left_out = self.glob(table.left_out.as_ref());
        if let (Some(because), None) = (&table.because, &table.left_out) {
            self.findings
                .add(because.span(), "because goes with left-out");
        }
        let requested = self.requested(spanned);
        let claims = [
            cell.map(Claim::Runs),
            left_out.map(|cell| Claim::LeftOut {
                cell,
                because: table
                    .because
                    .as_ref()
                    .map(|because| because.get_ref().clone()),
            }),
            table
                .cells
                .as_ref()
                .map(|cells| Claim::Count(*cells.get_ref())),
            requested,
        ];
        let mut claims = claims.into_iter().flatten();
        let (Some(claim), None) = (claims.next(), claims.next()) else {
            if !spanned.is_whole || self.findings.found.len() > before {
                return None;
            }
            self.findings
                .add(spanned.span.clone(), "an expect says one thing")
                .help(
                    "one of cell = \"…\", left-out = \"…\" (with because = \"…\"), cells = N, \
                     touches = [\"…\"] (with requests = [\"…\"])",
                );
            return None;
        };
        Some(Expect {
            branch: self.glob(table.branch.as_ref()),
            claim,
            place: self.findings.file.place(spanned.span.start),
        })
    }

    /// Expectations that are there twice, or cannot both be.
    pub fn repeated_expects(&mut self, tables: &[Table<ExpectTable>]) {
        for (index, spanned) in tables.iter().enumerate() {
            let table = &spanned.value;
            let first = tables[..index].iter().find(|other| {
                let other = &other.value;
                other.branch == table.branch
                    && other.cell == table.cell
                    && other.left_out == table.left_out
                    && other.because == table.because
                    && other.cells.is_some() == table.cells.is_some()
                    && other.touches == table.touches
            });
            if let Some(first) = first {
                let other = &first.value;
                let message = if other.cells == table.cells && other.requests == table.requests {
                    "this expectation is there twice"
                } else {
                    "this contradicts another expectation"
                };
                self.findings
                    .add(spanned.span.clone(), message)
                    .other(first.span.clone(), "here");
            }
        }
    }

    /// What one rule takes away from another.
    pub fn contradictions(
        &mut self,
        part: &Part,
        excludes: &[Table<ExcludeTable>],
        includes: &[Table<IncludeTable>],
    ) {
        for (include, table) in part.includes.iter().zip(includes) {
            let covering = part
                .excludes
                .iter()
                .find(|exclude| covers(exclude, include));
            if let Some(exclude) = covering {
                let message = "what this adds, an exclude leaves out";
                let file = self.findings.file;
                let is_it =
                    |table: &&Table<ExcludeTable>| file.place(table.span.start) == exclude.place;
                let other = excludes.iter().find(is_it).map(|table| table.span.clone());
                let problem = self.findings.add(table.span.clone(), message);
                if let Some(other) = other {
                    problem.other(other, "here");
                }
            }
        }
    }
}

/// Whether an exclude leaves out all that an include adds, whatever the branch
/// supports: of `newest` nobody knows here which it is.
fn covers(exclude: &Exclude, include: &Include) -> bool {
    let python = |choice: &PythonChoice| match choice {
        PythonChoice::Exact(python) => Some(python.to_string()),
        _ => None,
    };
    let database = |choice: &DatabaseChoice| match choice {
        DatabaseChoice::Exact(database) => Some(database.to_string()),
        _ => None,
    };
    let variant = |choice: &VariantChoice| Some(choice.as_deref().unwrap_or(PLAIN).to_owned());
    let globs = &exclude.globs;
    (globs.branch.is_none() || globs.branch == include.branch)
        && all(globs.python.as_ref(), include.pythons.as_deref(), python)
        && all(
            globs.database.as_ref(),
            include.databases.as_deref(),
            database,
        )
        && all(globs.variant.as_ref(), include.variants.as_deref(), variant)
}

/// Whether a glob matches every word of a list, as far as the words are known.
fn all<T>(
    glob: Option<&Pattern>,
    named: Option<&[Placed<T>]>,
    word: impl Fn(&T) -> Option<String>,
) -> bool {
    let Some(glob) = glob else { return true };
    let matches = |item: &Placed<T>| word(&item.value).is_some_and(|word| glob.matches(&word));
    named.is_some_and(|named| named.iter().all(matches))
}
