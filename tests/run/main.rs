//! `djbuild run` on a real container engine with real Django from PyPI.

mod chaos;
#[path = "../common/mod.rs"]
mod common;
mod endings;
mod frozen;
mod outcomes;
mod reports;
mod trees;
mod watching;

use common::{DJANGO, PYTHON, Ran};
use serde_json::Value;

fn source() -> String {
    format!("pypi:Django=={DJANGO}")
}

/// A run of a checkout on SQLite, as JSON.
fn sqlite<'a>(labels: &[&'a str], flags: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["run"];
    words.extend(labels);
    words.extend([
        "--python",
        PYTHON,
        "--database",
        "sqlite",
        "--format",
        "json",
    ]);
    words.extend(flags);
    words
}

fn finished(ran: &Ran) -> Value {
    ran.events_of("cell_finished")
        .pop()
        .expect("a cell finished")
}
