//! The matrix file as it is typed: its keys, and what editors are told of them.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde::de::{self, SeqAccess, Visitor};
use serde_json::Value;
use toml::Spanned;

/// Struct types whose keys are known by name, to tell a misspelt one.
pub trait Keys {
    /// The keys as typed.
    const KEYS: &'static [&'static str];
}

/// A djbuild matrix file: what to test Django on
///
/// Every cell of branches × pythons × databases × variants runs, but for those
/// that a branch does not support and those that an exclude leaves out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "djbuild matrix file", deny_unknown_fields)]
pub struct MatrixFile {
    /// One line on what it is for
    pub description: Option<String>,
    /// A matrix that comes with djbuild, or the path of another file: what this one does not say is said there
    #[schemars(with = "Option<String>")]
    pub extends: Option<Spanned<String>>,
    /// Branches of a git source: names, globs, "supported-branches" (those that Django still supports)
    #[schemars(with = "Option<Words>")]
    pub branches: Option<Spanned<Words>>,
    /// Pythons: "supported", "newest", "oldest", or versions such as "3.14", "3.14t", "pypy3.11"
    #[schemars(with = "Option<Words>")]
    pub pythons: Option<Spanned<Words>>,
    /// Databases: "sqlite", "postgresql17", "postgresql:min", "mariadb:max", "mysql:*"
    #[schemars(with = "Option<Words>")]
    pub databases: Option<Spanned<Words>>,
    /// Variants by name; "plain" is the cell without one
    #[schemars(with = "Option<Words>")]
    pub variants: Option<Spanned<Words>>,
    /// "run": cells share the databases of a run; "cell": each has its own
    #[schemars(with = "Option<IsolationWord>")]
    pub isolation: Option<Spanned<String>>,
    /// Cells to leave out; what is not named matches everything
    #[schemars(with = "Vec<ExcludeTable>")]
    pub exclude: de::IgnoredAny,
    /// Cells beyond those of the lists above
    #[schemars(with = "Vec<IncludeTable>")]
    pub include: de::IgnoredAny,
    /// What `djbuild matrix --check` is to find
    #[schemars(with = "Vec<ExpectTable>")]
    pub expect: de::IgnoredAny,
    /// Named variations of settings, environment or flags
    #[schemars(with = "BTreeMap<String, VariantTable>")]
    pub variant: de::IgnoredAny,
    /// Released versions that djbuild's own table lacks or has too many of, by database
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub releases: de::IgnoredAny,
}

/// Whether the cells of a run share its databases
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[allow(dead_code, reason = "for the schema")]
enum IsolationWord {
    /// One container per database spec
    Run,
    /// One per cell
    Cell,
}

/// A rule that leaves cells out
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(deny_unknown_fields, extend("required" = ["reason"]))]
pub struct ExcludeTable {
    /// Glob over the branch
    #[schemars(with = "Option<String>")]
    pub branch: Option<Spanned<String>>,
    /// Glob over the Python
    #[schemars(with = "Option<String>")]
    pub python: Option<Spanned<String>>,
    /// Glob over the database
    #[schemars(with = "Option<String>")]
    pub database: Option<Spanned<String>>,
    /// Glob over the variant; "plain" is the cell without one
    #[schemars(with = "Option<String>")]
    pub variant: Option<Spanned<String>>,
    /// Why, for the reader of `djbuild matrix`
    #[schemars(with = "String")]
    pub reason: Option<Spanned<String>>,
}

/// Cells to add; what is not named is as in the lists of the file
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(deny_unknown_fields)]
pub struct IncludeTable {
    /// Glob over the branch
    #[schemars(with = "Option<String>")]
    pub branch: Option<Spanned<String>>,
    /// As in `pythons`
    #[schemars(with = "Option<Words>")]
    pub python: Option<Spanned<Words>>,
    /// As in `databases`
    #[schemars(with = "Option<Words>")]
    pub database: Option<Spanned<Words>>,
    /// As in `variants`
    #[schemars(with = "Option<Words>")]
    pub variant: Option<Spanned<Words>>,
}

/// Something that has to be true of the matrix
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct ExpectTable {
    /// Only where the source has a branch that matches this glob
    #[schemars(with = "Option<String>")]
    pub branch: Option<Spanned<String>>,
    /// A cell that matches this glob runs
    #[schemars(with = "Option<String>")]
    pub cell: Option<Spanned<String>>,
    /// A cell that matches this glob is left out, and none that matches runs
    #[schemars(with = "Option<String>")]
    pub left_out: Option<Spanned<String>>,
    /// A part of the reason why
    #[schemars(with = "Option<String>")]
    pub because: Option<Spanned<String>>,
    /// So many cells run on each such branch
    #[schemars(with = "Option<usize>")]
    pub cells: Option<Spanned<usize>>,
}

/// A named variation of settings, environment or flags
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct VariantTable {
    /// One line on what it is for
    pub description: String,
    /// Only on databases that match this glob
    #[schemars(with = "Option<String>")]
    pub database: Option<Spanned<String>>,
    /// Only on Pythons that match this glob
    #[schemars(with = "Option<String>")]
    pub python: Option<Spanned<String>>,
    /// Only on branches that match this glob
    #[schemars(with = "Option<String>")]
    pub branch: Option<Spanned<String>>,
    /// OPTIONS of every database, beside djbuild's own
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub database_options: BTreeMap<String, toml::Value>,
    /// Django settings, in place of those of the same name
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub settings: BTreeMap<String, toml::Value>,
    /// Environment variables
    pub environment: BTreeMap<String, String>,
    /// Flags for runtests.py
    pub flags: Vec<String>,
    /// Flags for Python itself, in place of -Wall
    pub python_flags: Option<Vec<String>>,
}

impl Keys for MatrixFile {
    const KEYS: &'static [&'static str] = &[
        "description",
        "extends",
        "branches",
        "pythons",
        "databases",
        "variants",
        "isolation",
        "exclude",
        "include",
        "expect",
        "variant",
        "releases",
    ];
}

impl Keys for ExcludeTable {
    const KEYS: &'static [&'static str] = &["branch", "python", "database", "variant", "reason"];
}

impl Keys for IncludeTable {
    const KEYS: &'static [&'static str] = &["branch", "python", "database", "variant"];
}

impl Keys for ExpectTable {
    const KEYS: &'static [&'static str] = &["branch", "cell", "left-out", "because", "cells"];
}

impl Keys for VariantTable {
    const KEYS: &'static [&'static str] = &[
        "description",
        "database",
        "python",
        "branch",
        "database-options",
        "settings",
        "environment",
        "flags",
        "python-flags",
    ];
}

/// A word or a list of words
#[derive(Debug, JsonSchema)]
#[serde(untagged)]
pub enum Words {
    /// A word
    One(String),
    /// A list of words
    Many(#[schemars(with = "Vec<String>")] Vec<Spanned<String>>),
}

impl Words {
    /// Each word with its place; `whole` is that of the value.
    pub fn each(whole: &Spanned<Self>) -> Vec<Spanned<String>> {
        match whole.as_ref() {
            Self::One(word) => vec![Spanned::new(whole.span(), word.clone())],
            Self::Many(words) => words.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An untagged enum would lose the places of the words.
        struct WordsVisitor;
        impl<'de> Visitor<'de> for WordsVisitor {
            type Value = Words;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a word or a list of words, each in quotes")
            }

            fn visit_str<E>(self, word: &str) -> Result<Words, E> {
                Ok(Words::One(word.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(Words::Many(words))
            }
        }
        deserializer.deserialize_any(WordsVisitor)
    }
}

/// The JSON schema of matrix files, for editors.
pub fn schema() -> Value {
    let settings = SchemaSettings::default().with_transform(RecursiveTransform(without_null));
    let schema = settings
        .into_generator()
        .into_root_schema_for::<MatrixFile>();
    schema.to_value()
}

/// A key may be left out, but TOML has no null.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get("type")
        && let [only, null] = types.as_slice()
        && null == "null"
    {
        let only = only.clone();
        object.insert("type".to_owned(), only);
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            object.extend(only);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(schema: &serde_json::Value) -> Vec<String> {
        let properties = schema["properties"].as_object().expect("an object");
        let mut keys: Vec<_> = properties.keys().cloned().collect();
        keys.sort();
        keys
    }

    #[test]
    fn the_keys_that_are_told_apart_are_those_of_the_schema() {
        let schema = schema();
        let table = |name: &str| &schema["$defs"][name];
        for (schema, known) in [
            (&schema, MatrixFile::KEYS),
            (table("ExcludeTable"), ExcludeTable::KEYS),
            (table("IncludeTable"), IncludeTable::KEYS),
            (table("ExpectTable"), ExpectTable::KEYS),
            (table("VariantTable"), VariantTable::KEYS),
        ] {
            let mut known = known.to_vec();
            known.sort_unstable();
            assert_eq!(keys(schema), known);
        }
    }

    #[test]
    fn the_schema_that_is_checked_in_is_the_one_of_the_types() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../matrix/schema.json")).expect("JSON");
        assert_eq!(
            file,
            schema(),
            "write it anew: djbuild schema > matrix/schema.json"
        );
    }
}
