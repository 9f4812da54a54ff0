//! Tables of a matrix file, each as far as it is right.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::problem::Findings;
use super::value::Keys;

/// A table as far as it could be read.
pub struct Table<T> {
    pub value: T,
    pub span: Range<usize>,
    /// Whether all of it could: of what is not, nothing is missed.
    pub is_whole: bool,
}

/// A struct, without what is wrong with its table.
pub fn struct_of<T: Keys + Default + DeserializeOwned>(
    table: Spanned<DeTable<'_>>,
    findings: &mut Findings<'_>,
) -> T {
    let span = table.span();
    let mut table = table.into_inner();
    let unknown: Vec<_> = table
        .keys()
        .filter(|key| !T::KEYS.contains(&key.get_ref().as_ref()))
        .cloned()
        .collect();
    for key in unknown {
        table.remove(&key);
        let name: &str = key.get_ref();
        findings
            .add(key.span(), format!("unknown key {name}"))
            .suggest(name, T::KEYS);
    }
    loop {
        let value = Spanned::new(span.clone(), DeValue::Table(table.clone()));
        let error = match T::deserialize(ValueDeserializer::from(value)) {
            Ok(read) => return read,
            Err(error) => error,
        };
        let at = error.span().unwrap_or_else(|| span.clone());
        let wrong = table
            .iter()
            .find(|(_, value)| value.span().start <= at.start && at.end <= value.span().end)
            .map(|(key, _)| key.clone());
        let Some(key) = wrong else {
            findings.add(at, plain(error.message()));
            return T::default();
        };
        let message = format!("{}: {}", key.get_ref(), plain(error.message()));
        findings.add(at, message);
        table.remove(&key);
    }
}

/// What serde says of a wrong type, in words of the file.
pub fn plain(message: &str) -> String {
    let words = [
        ("invalid type: ", "this is "),
        ("floating point `", "a number, `"),
        ("integer `", "a number, `"),
        ("boolean `", "a truth, `"),
        ("string \"", "a word, \""),
        ("map", "a table or a date"),
        ("sequence", "list"),
        ("usize", "a whole number"),
        ("i32", "a whole number"),
        ("unknown field ", "unknown key "),
        ("missing field ", "this lacks the key "),
        ("a boolean", "true or false"),
        ("a borrowed string", "a word in quotes"),
        ("a string", "a word in quotes"),
        (" as i128", ""),
    ];
    // What the author typed stands in backticks or quotes, and stays as it is.
    let mut text = String::new();
    for (index, piece) in message.split_inclusive(['`', '"']).enumerate() {
        if index % 2 == 0 {
            let plain = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
            text.push_str(&words.iter().fold(piece.to_owned(), plain));
        } else {
            text.push_str(piece);
        }
    }
    text
}

/// `[[name]]`, each as far as it is right; the table that they are in may be a part
/// of the name.
pub fn tables<T: Keys + Default + DeserializeOwned>(
    document: &mut DeTable<'_>,
    name: &str,
    findings: &mut Findings<'_>,
) -> Vec<Table<T>> {
    let key = name.rsplit('.').next().unwrap_or(name);
    let Some(value) = document.remove(key) else {
        return Vec::new();
    };
    let span = value.span();
    let DeValue::Array(items) = value.into_inner() else {
        findings
            .add(span, format!("{name} is a list of tables"))
            .help(format!("begin each with [[{name}]]"));
        return Vec::new();
    };
    let mut read = Vec::new();
    for item in items {
        let span = item.span();
        match item.into_inner() {
            DeValue::Table(table) => {
                let before = findings.found.len();
                read.push(Table {
                    value: struct_of(Spanned::new(span.clone(), table), findings),
                    span,
                    is_whole: findings.found.len() == before,
                });
            }
            _ => {
                findings
                    .add(span, format!("{name} is a list of tables"))
                    .help(format!("begin each with [[{name}]]"));
            }
        }
    }
    read
}

/// `[name]`, as far as it is right; the table that it is in may be a part of the name.
pub fn table<T: Keys + Default + DeserializeOwned>(
    document: &mut DeTable<'_>,
    name: &str,
    findings: &mut Findings<'_>,
) -> Option<Table<T>> {
    let key = name.rsplit('.').next().unwrap_or(name);
    let value = document.remove(key)?;
    let span = value.span();
    let DeValue::Table(table) = value.into_inner() else {
        findings
            .add(span, format!("{name} is a table"))
            .help(format!("begin it with [{name}]"));
        return None;
    };
    let before = findings.found.len();
    Some(Table {
        value: struct_of(Spanned::new(span.clone(), table), findings),
        span,
        is_whole: findings.found.len() == before,
    })
}

/// The keys and values of a table, in the order they stand in.
pub fn entries<'i>(
    document: &mut DeTable<'i>,
    name: &str,
    findings: &mut Findings<'_>,
) -> Vec<(Spanned<String>, Spanned<DeValue<'i>>)> {
    let Some(value) = document.remove(name) else {
        return Vec::new();
    };
    let span = value.span();
    let DeValue::Table(table) = value.into_inner() else {
        findings.add(span, format!("{name} is a table"));
        return Vec::new();
    };
    let mut entries: Vec<_> = table
        .into_iter()
        .map(|(key, value)| {
            (
                Spanned::new(key.span(), key.into_inner().into_owned()),
                value,
            )
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
