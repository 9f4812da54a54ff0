use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::problem::{Findings, MatrixText, Problem};
use super::tables::{Table, entries, plain, struct_of, tables};
use super::typed::{ExcludeTable, ExpectTable, IncludeTable, MatrixFile, VariantTable};
use super::watch::{TypedWatch, read_watch};

/// One file, as typed: what could be read of it.
#[derive(Default)]
pub struct Typed {
    pub file: MatrixFile,
    pub excludes: Vec<Table<ExcludeTable>>,
    pub includes: Vec<Table<IncludeTable>>,
    pub expects: Vec<Table<ExpectTable>>,
    pub variants: Vec<(Spanned<String>, VariantTable)>,
    pub releases: Vec<(Spanned<String>, Vec<Spanned<String>>)>,
    pub watch: Option<TypedWatch>,
}

/// Reads the keys of a file. What is wrong is found, all of it, and left out.
pub fn read(file: &MatrixText) -> (Typed, Vec<Problem>) {
    let mut findings = Findings::of(file);
    let (document, errors) = DeTable::parse_recoverable(&file.text);
    for error in errors {
        findings.add(error.span().unwrap_or(0..0), error.message());
    }
    if !findings.found.is_empty() {
        // What was guessed of the rest would be told as mistakes of its author.
        return (Typed::default(), findings.found);
    }
    let mut document = document;
    let table = document.get_mut();
    let typed = Typed {
        excludes: tables(table, "exclude", &mut findings),
        includes: tables(table, "include", &mut findings),
        expects: tables(table, "expect", &mut findings),
        variants: variants(table, &mut findings),
        releases: releases(table, &mut findings),
        watch: read_watch(table, &mut findings),
        file: struct_of(document, &mut findings),
    };
    (typed, findings.found)
}

/// `[variant.NAME]`.
fn variants(
    document: &mut DeTable<'_>,
    findings: &mut Findings<'_>,
) -> Vec<(Spanned<String>, VariantTable)> {
    let mut read = Vec::new();
    for (key, value) in entries(document, "variant", findings) {
        let span = value.span();
        if let DeValue::Table(table) = value.into_inner() {
            read.push((key, struct_of(Spanned::new(span, table), findings)));
        } else {
            let name = key.get_ref();
            findings.add(span, format!("variant {name} is a table"));
        }
    }
    read
}

/// `[releases]`, database by database.
fn releases(
    document: &mut DeTable<'_>,
    findings: &mut Findings<'_>,
) -> Vec<(Spanned<String>, Vec<Spanned<String>>)> {
    let mut read = Vec::new();
    for (key, value) in entries(document, "releases", findings) {
        let span = value.span();
        match Vec::<Spanned<String>>::deserialize(ValueDeserializer::from(value)) {
            Ok(versions) => read.push((key, versions)),
            Err(error) => {
                findings
                    .add(error.span().unwrap_or(span), plain(error.message()))
                    .help("expected a list of versions in quotes, as in [\"17\", \"18\"]");
            }
        }
    }
    read
}
