//! The matrix file as it is typed: its keys, and what editors are told of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, de};
use toml::Spanned;

use super::value::{Keys, Words};
use super::watch::WatchTable;

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
    /// A matrix that comes with djbuild, or the path of another file: what this one does not say is said there. A file that says what is watched and nothing of what is tested extends "quick"
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
    /// What `djbuild matrix --check` and `djbuild watch --check` are to find
    #[schemars(with = "Vec<ExpectTable>")]
    pub expect: de::IgnoredAny,
    /// Named variations of settings, environment or flags
    #[schemars(with = "BTreeMap<String, VariantTable>")]
    pub variant: de::IgnoredAny,
    /// Released versions that djbuild's own table lacks or has too many of, by database
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub releases: de::IgnoredAny,
    /// What `djbuild watch` looks at, what it runs when, and whom it tells
    #[schemars(with = "Option<WatchTable>")]
    pub watch: de::IgnoredAny,
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

/// Something that has to be true of the matrix, or of what is watched
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct ExpectTable {
    /// Only where the source has a branch that matches this glob; with touches, the branch that the commit is on
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
    /// A commit that changes these files
    #[schemars(with = "Option<Words>")]
    pub touches: Option<Spanned<Words>>,
    /// The schedulers that such a commit sets off, and no others
    #[schemars(with = "Option<Words>")]
    pub requests: Option<Spanned<Words>>,
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
        "watch",
    ];
}

impl Keys for ExcludeTable {
    const KEYS: &'static [&'static str] = &["branch", "python", "database", "variant", "reason"];
}

impl Keys for IncludeTable {
    const KEYS: &'static [&'static str] = &["branch", "python", "database", "variant"];
}

impl Keys for ExpectTable {
    const KEYS: &'static [&'static str] = &[
        "branch", "cell", "left-out", "because", "cells", "touches", "requests",
    ];
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
