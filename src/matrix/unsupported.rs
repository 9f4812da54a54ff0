use std::sync::Arc;

use super::Support;
use crate::model::{DatabaseSpec, PythonSpec};

/// Why a branch does not support a Python, from its own files.
pub fn unsupported_python(branch: &str, python: PythonSpec, support: &Support) -> Option<Arc<str>> {
    // Classifiers name versions; which interpreter is the user's choice.
    let version = |python: &PythonSpec| (python.major, python.minor);
    let mut known = support.pythons.iter();
    if known.any(|(known, _)| version(known) == version(&python)) {
        return None;
    }
    let (first, last) = (support.pythons.first()?, support.pythons.last()?);
    let text = format!(
        "{branch} supports Python {} to {} ({})",
        first.0, last.0, last.1
    );
    Some(text.into())
}

/// Why a branch does not support a database, likewise.
pub fn unsupported_database(
    branch: &str,
    database: DatabaseSpec,
    support: &Support,
) -> Option<Arc<str>> {
    let version = database.version.as_ref()?;
    let (minimum, citation) = support.databases.get(&database.kind)?;
    (!version.series_reaches(minimum)).then(|| {
        format!(
            "{branch} needs {} {minimum} or newer ({citation})",
            database.kind
        )
        .into()
    })
}
