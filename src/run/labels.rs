use std::collections::BTreeSet;
use std::sync::Arc;

use super::RunError;
use crate::event::{Notice, NoticeKind};
use crate::source::Snapshot;
use crate::spec::nearest;

/// Looks for each label's app among those of the trees, before minutes are spent
/// on images: an app is a folder of `tests/` with an `__init__.py`, as
/// `runtests.py` finds them. What is below it, and paths, are left to Django.
/// Returns what is in some trees and not in others.
///
/// # Errors
/// When no tree has an app.
pub fn check(labels: &[String], snapshots: &[Arc<Snapshot>]) -> Result<Vec<Notice>, RunError> {
    let mut notices = Vec::new();
    for label in labels.iter().filter(|label| !label.contains('/')) {
        let app = label.split('.').next().unwrap_or(label);
        let lacks: Vec<&str> = snapshots
            .iter()
            .filter(|snapshot| !has(snapshot, app))
            .map(|snapshot| snapshot.revision.branch.as_str())
            .collect();
        if lacks.len() == snapshots.len() {
            return Err(RunError::Request(format!(
                "label {label}: there is no tests/{app}{}",
                suggestion(app, snapshots)
            )));
        }
        if !lacks.is_empty() {
            notices.push(Notice::new(
                NoticeKind::LeftOut,
                format!(
                    "label {label}: there is no tests/{app} in {}",
                    lacks.join(", ")
                ),
            ));
        }
    }
    Ok(notices)
}

fn has(snapshot: &Snapshot, app: &str) -> bool {
    let init = format!("tests/{app}/__init__.py");
    snapshot.manifest.get(init.as_bytes()).is_some()
}

fn suggestion(app: &str, snapshots: &[Arc<Snapshot>]) -> String {
    let apps: BTreeSet<&str> = snapshots
        .iter()
        .flat_map(|snapshot| snapshot.manifest.iter())
        .filter_map(|(path, _)| {
            let path = std::str::from_utf8(path).ok()?;
            let app = path.strip_prefix("tests/")?.strip_suffix("/__init__.py")?;
            (!app.contains('/')).then_some(app)
        })
        .collect();
    let apps: Vec<&str> = apps.into_iter().collect();
    nearest(app, &apps).map_or_else(String::new, |near| format!("; did you mean {near}?"))
}
