use std::collections::BTreeMap;

use toml::Spanned;

use super::choice::{PLAIN, VariantChoice};
use super::isolation::Isolation;
use super::problem::{MatrixText, Placed, Problem};
use super::read::Typed;
use super::rule::{Exclude, Expect, Include, Variant, VariantChange};
use super::typed::VariantTable;
use super::watch::Watch;
use super::words::Reading;
use super::{BranchChoice, DatabaseChoice, PythonChoice, Releases};
use crate::model::{DatabaseKind, Version};

/// What one file says; what it does not say, the one it extends may.
pub struct Part {
    pub description: Option<String>,
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
    pub watch: Option<Watch>,
}

/// Lays what a file says of releases over what is known.
pub fn overlay(file: &MatrixText, typed: &Typed, releases: &mut Releases) -> Vec<Problem> {
    let mut reading = Reading::of(file);
    reading.releases(&typed.releases, releases);
    reading.findings.found
}

/// Understands one file.
pub fn validate(file: &MatrixText, typed: Typed, releases: &Releases) -> (Part, Vec<Problem>) {
    let mut reading = Reading::of(file);
    let Typed {
        file: typed,
        excludes,
        includes,
        expects,
        variants,
        watch,
        ..
    } = typed;
    let part = Part {
        description: typed.description.map(|text| plain(&text)),
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
        watch: watch.as_ref().and_then(|typed| reading.watch(typed)),
    };
    reading.contradictions(&part, &excludes, &includes);
    reading.repeated_expects(&expects);
    reading.requests(&expects, watch.as_ref());
    (part, reading.findings.found)
}

impl Reading<'_> {
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
        let wrong = wrong_names(&table);
        for (what, help) in &wrong {
            self.findings
                .add(name.span(), format!("variant {word}: {what}"))
                .help(*help);
        }
        Some(Variant {
            name: word.as_str().into(),
            description: plain(&table.description),
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
}

/// Names that nothing could take.
fn wrong_names(table: &VariantTable) -> Vec<(String, &'static str)> {
    let mut wrong = Vec::new();
    for name in table.environment.keys() {
        if name.is_empty() || name.contains(['=', '\0']) {
            wrong.push((
                format!("{name:?} is no name of a variable"),
                "variables have names without =, as in COLOUR",
            ));
        }
    }
    for name in table.settings.keys() {
        if name == "DATABASES" || name == "TEST_RUNNER" {
            wrong.push((
                format!("{name} is djbuild's own"),
                "options of databases go into database-options",
            ));
        } else if name.chars().any(char::is_lowercase) || name.is_empty() {
            wrong.push((
                format!("{name:?} is no setting"),
                "Django takes names in capitals, as in USE_TZ",
            ));
        }
    }
    wrong
}

fn as_json(table: BTreeMap<String, toml::Value>) -> BTreeMap<String, serde_json::Value> {
    let entries = table.into_iter();
    entries.map(|(key, value)| (key, json_of(value))).collect()
}

/// Dates, which JSON lacks, become their text; so do numbers that are none.
fn json_of(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => serde_json::Number::from_f64(number)
            .map_or_else(|| number.to_string().into(), serde_json::Value::Number),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(table) => {
            let entries = table.into_iter();
            entries.map(|(key, value)| (key, json_of(value))).collect()
        }
    }
}

/// One line of plain text: a file of somebody else must not move a terminal's
/// cursor.
fn plain(text: &str) -> String {
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(blank).collect()
}
