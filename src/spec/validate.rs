use std::collections::BTreeMap;

use toml::Spanned;

use super::choice::{PLAIN, VariantChoice};
use super::file::Isolation;
use super::problem::{Findings, MatrixText, Placed, Problem};
use super::read::{Typed, read};
use super::rule::{CellGlobs, Claim, Exclude, Expect, Include, Pattern, Variant, VariantChange};
use super::typed::{ExcludeTable, ExpectTable, IncludeTable, VariantTable};
use super::words::Reading;
use super::{BranchChoice, DatabaseChoice, PythonChoice, Releases};
use crate::model::{DatabaseKind, Version};

/// What one file says; what it does not say, the one it extends may.
pub struct Part {
    pub description: Option<String>,
    pub extends: Option<Spanned<String>>,
    pub branches: Option<Vec<Placed<BranchChoice>>>,
    pub pythons: Option<Vec<Placed<PythonChoice>>>,
    pub databases: Option<Vec<Placed<DatabaseChoice>>>,
    pub variants: Option<Vec<Placed<VariantChoice>>>,
    pub isolation: Option<Isolation>,
    pub excludes: Vec<Exclude>,
    pub includes: Vec<Include>,
    pub expects: Vec<Expect>,
    pub definitions: Vec<Variant>,
    /// The variants it names, which may be defined in another file.
    pub named_variants: Vec<Spanned<String>>,
}

/// Reads one file. `releases` is changed by what the file says of it.
pub fn validate(file: &MatrixText, releases: &mut Releases) -> (Part, Vec<Problem>) {
    let (typed, found) = read(file);
    let mut reading = Reading {
        findings: Findings { file, found },
        named_variants: Vec::new(),
    };
    reading.releases(&typed.releases, releases);
    let Typed {
        file: typed,
        excludes,
        includes,
        expects,
        variants,
        ..
    } = typed;
    let part = Part {
        description: typed.description,
        extends: typed.extends,
        branches: reading.list(typed.branches.as_ref(), Reading::branch),
        pythons: reading.list(typed.pythons.as_ref(), |r, word| r.python(word, releases)),
        databases: reading.list(typed.databases.as_ref(), |r, word| {
            r.database(word, releases)
        }),
        variants: reading.list(typed.variants.as_ref(), |r, word| Some(r.variant(word))),
        isolation: typed.isolation.and_then(|word| reading.isolation(&word)),
        excludes: reading.excludes(&excludes),
        includes: includes
            .iter()
            .map(|table| reading.include(table, releases))
            .collect(),
        expects: expects
            .iter()
            .filter_map(|table| reading.expect(table))
            .collect(),
        definitions: variants
            .into_iter()
            .filter_map(|(name, table)| reading.definition(&name, table))
            .collect(),
        named_variants: std::mem::take(&mut reading.named_variants),
    };
    reading.contradictions(&part, &excludes, &includes);
    reading.repeated_expects(&expects);
    (part, reading.findings.found)
}

impl Reading<'_> {
    fn excludes(&mut self, tables: &[Spanned<ExcludeTable>]) -> Vec<Exclude> {
        let mut excludes: Vec<Exclude> = Vec::new();
        for spanned in tables {
            let table = spanned.get_ref();
            let reason = table.reason.as_ref().map(|r| r.get_ref().trim());
            let reason = reason.unwrap_or_default();
            if reason.is_empty() {
                let at = table.reason.as_ref().map_or(spanned.span(), Spanned::span);
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
            if globs == CellGlobs::default() && !reason.is_empty() {
                self.findings
                    .add(spanned.span(), "this leaves out every cell")
                    .help("name a branch, python, database or variant");
            }
            let place = self.findings.file.place(spanned.span().start);
            if let Some(first) = excludes.iter().position(|other| other.globs == globs) {
                self.findings
                    .add(spanned.span(), "this leaves out what another already does")
                    .other(tables[first].span(), "here");
            }
            excludes.push(Exclude {
                globs,
                reason: reason.into(),
                place,
            });
        }
        excludes
    }

    fn globs(&mut self, words: [&Option<Spanned<String>>; 4]) -> CellGlobs {
        let [branch, python, database, variant] = words.map(|word| self.glob(word.as_ref()));
        CellGlobs {
            branch,
            python,
            database,
            variant,
        }
    }

    fn include(&mut self, spanned: &Spanned<IncludeTable>, releases: &Releases) -> Include {
        let table = spanned.get_ref();
        if table.python.is_none() && table.database.is_none() && table.variant.is_none() {
            self.findings
                .add(spanned.span(), "this adds nothing")
                .help("name a python, a database or a variant");
        }
        Include {
            branch: self.glob(table.branch.as_ref()),
            pythons: self.list(table.python.as_ref(), |r, word| r.python(word, releases)),
            databases: self.list(table.database.as_ref(), |r, word| {
                r.database(word, releases)
            }),
            variants: self.list(table.variant.as_ref(), |r, word| Some(r.variant(word))),
            place: self.findings.file.place(spanned.span().start),
        }
    }

    fn expect(&mut self, spanned: &Spanned<ExpectTable>) -> Option<Expect> {
        let table = spanned.get_ref();
        let cell = self.glob(table.cell.as_ref());
        let left_out = self.glob(table.left_out.as_ref());
        if let (Some(because), None) = (&table.because, &table.left_out) {
            self.findings
                .add(because.span(), "because goes with left-out");
        }
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
        ];
        let mut claims = claims.into_iter().flatten();
        let (Some(claim), None) = (claims.next(), claims.next()) else {
            self.findings
                .add(spanned.span(), "an expect says one thing")
                .help("one of cell = \"…\", left-out = \"…\" (with because = \"…\"), cells = N");
            return None;
        };
        Some(Expect {
            branch: self.glob(table.branch.as_ref()),
            claim,
            place: self.findings.file.place(spanned.span().start),
        })
    }

    fn definition(&mut self, name: &Spanned<String>, table: VariantTable) -> Option<Variant> {
        let only = self.globs([&table.branch, &table.python, &table.database, &None]);
        let word = name.get_ref();
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if word.is_empty() || !word.chars().all(known) || word == PLAIN {
            self.findings
                .add(
                    name.span(),
                    format!("{word:?} cannot be the name of a variant"),
                )
                .help("letters, digits, - _ and . make a name; plain is the cell without one");
            return None;
        }
        Some(Variant {
            name: word.as_str().into(),
            description: table.description,
            only,
            change: VariantChange {
                database_options: as_json(table.database_options),
                settings: as_json(table.settings),
                environment: table.environment,
                flags: table.flags,
                python_flags: table.python_flags,
            },
            place: self.findings.file.place(name.span().start),
        })
    }

    fn releases(
        &mut self,
        typed: &[(Spanned<String>, Vec<Spanned<String>>)],
        releases: &mut Releases,
    ) {
        let servers: Vec<&str> = DatabaseKind::ALL[1..].iter().map(|k| k.as_str()).collect();
        for (name, versions) in typed {
            let kind = match name.get_ref().parse() {
                Ok(DatabaseKind::Sqlite) | Err(_) => {
                    self.findings
                        .add(
                            name.span(),
                            format!("{} has no releases here", name.get_ref()),
                        )
                        .suggest(name.get_ref(), &servers);
                    continue;
                }
                Ok(kind) => kind,
            };
            let versions: Vec<Version> = versions
                .iter()
                .filter_map(|version| self.parse(version, &[]))
                .collect();
            releases.replace(kind, versions);
        }
    }

    /// Expectations that are there twice, or cannot both be.
    fn repeated_expects(&mut self, tables: &[Spanned<ExpectTable>]) {
        for (index, spanned) in tables.iter().enumerate() {
            let table = spanned.get_ref();
            let first = tables[..index].iter().find(|other| {
                let other = other.get_ref();
                other.branch == table.branch
                    && other.cell == table.cell
                    && other.left_out == table.left_out
                    && other.cells.is_some() == table.cells.is_some()
            });
            if let Some(first) = first {
                let message = if first.get_ref().cells == table.cells {
                    "this expectation is there twice"
                } else {
                    "this contradicts another expectation"
                };
                self.findings
                    .add(spanned.span(), message)
                    .other(first.span(), "here");
            }
        }
    }

    /// What one rule takes away from another.
    fn contradictions(
        &mut self,
        part: &Part,
        excludes: &[Spanned<ExcludeTable>],
        includes: &[Spanned<IncludeTable>],
    ) {
        for (include, table) in part.includes.iter().zip(includes) {
            let covered = part
                .excludes
                .iter()
                .position(|exclude| covers(exclude, include));
            if let Some(index) = covered {
                self.findings
                    .add(table.span(), "what this adds, an exclude leaves out")
                    .other(excludes[index].span(), "here");
            }
        }
    }
}

/// Whether an exclude leaves out all that an include adds.
fn covers(exclude: &Exclude, include: &Include) -> bool {
    fn all<T: ToString>(glob: Option<&Pattern>, named: Option<&Vec<Placed<T>>>) -> bool {
        let Some(glob) = glob else { return true };
        named.is_some_and(|named| {
            named
                .iter()
                .all(|item| glob.matches(&item.value.to_string()))
        })
    }
    let globs = &exclude.globs;
    (globs.branch.is_none() || globs.branch == include.branch)
        && all(globs.python.as_ref(), include.pythons.as_ref())
        && all(globs.database.as_ref(), include.databases.as_ref())
        && globs.variant.as_ref().is_none_or(|glob| {
            let named = include.variants.as_ref();
            named.is_some_and(|named| {
                let name =
                    |variant: &VariantChoice| glob.matches(variant.as_deref().unwrap_or(PLAIN));
                named.iter().all(|variant| name(&variant.value))
            })
        })
}

fn as_json(table: BTreeMap<String, toml::Value>) -> BTreeMap<String, serde_json::Value> {
    table
        .into_iter()
        .map(|(key, value)| {
            // Dates, which JSON lacks, become their text.
            let value = serde_json::to_value(&value).unwrap_or_default();
            (key, value)
        })
        .collect()
}
