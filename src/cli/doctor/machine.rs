use std::path::{Path, PathBuf};

use super::finding::Finding;
use crate::host;
use crate::model::{bytes, plural};
use crate::run::Home;
use crate::source::{find_checkout, reach, worktree};

const GB: u64 = 1_000_000_000;

/// The folder djbuild was called in.
pub fn here() -> Vec<Finding> {
    let version = env!("CARGO_PKG_VERSION");
    let system = format!(
        "{version} on {} {}",
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    let checkout = std::env::current_dir()
        .ok()
        .and_then(|here| find_checkout(&here).ok()?)
        .and_then(|folder| worktree(&folder).ok());
    let source = match checkout {
        Some(candidate) => format!("a Django checkout: {candidate}"),
        None => "no Django checkout here: the newest release on PyPI is taken".to_owned(),
    };
    vec![
        Finding::green("djbuild", &system),
        Finding::green("source", &source),
    ]
}

/// Room for what djbuild itself keeps.
pub fn disks(folders: &Home) -> Vec<Finding> {
    let state = folders.state.folder();
    [("state", state), ("cache", folders.cache.as_path())]
        .into_iter()
        .map(|(what, folder)| {
            let there = folder.ancestors().find(|folder| folder.exists());
            if there.is_some_and(|there| tempfile::tempfile_in(there).is_ok()) {
                return room(what, folder);
            }
            Finding::red(
                what,
                &format!("{}: it cannot be written to", folder.display()),
                "name another by DJBUILD_STATE_DIR or DJBUILD_CACHE_DIR",
            )
        })
        .collect()
}

/// How much room there is where a folder is or would be.
pub fn room(what: &'static str, folder: &Path) -> Finding {
    let shown = folder.display();
    let Some(free) = free_space(folder) else {
        return Finding::amber(
            what,
            &format!("{shown}: how much room there is is unknown"),
            "",
        );
    };
    let seen = format!("{shown}: {} free", bytes(free));
    if free < 2 * GB {
        Finding::red(
            what,
            &seen,
            "make room: `djbuild images prune` and `docker system prune` help",
        )
    } else if free < 10 * GB {
        Finding::amber(
            what,
            &seen,
            "images of one branch on every database take some 10 GB",
        )
    } else {
        Finding::green(what, &seen)
    }
}

fn free_space(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The CA bundle that builds are given.
pub fn certificates() -> Vec<Finding> {
    let (named, missing): (Vec<_>, Vec<_>) = host::ca_variables()
        .into_iter()
        .partition(|(_, path): &(&str, PathBuf)| path.is_file());
    let mut findings: Vec<Finding> = missing
        .iter()
        .map(|(variable, path)| {
            Finding::amber(
                "certificates",
                &format!("{variable} names {}, which is no file", path.display()),
                "unset it, or name the bundle that is there",
            )
        })
        .collect();
    findings.push(match named.first() {
        None => Finding::green(
            "certificates",
            "the system's own; no variable names a CA bundle",
        ),
        Some((variable, path)) => {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let count = text.matches("BEGIN CERTIFICATE").count() as u64;
            let seen = format!(
                "{} in {} ({variable})",
                plural(count, "certificate"),
                path.display()
            );
            if count == 0 {
                Finding::red(
                    "certificates",
                    &seen,
                    "builds get this file; it has to be a bundle in PEM form",
                )
            } else {
                Finding::green("certificates", &seen)
            }
        }
    });
    findings
}

/// Where releases of Django and the requirements of its suite come from.
pub fn package_index() -> Vec<Finding> {
    let url = host::package_index_url();
    let advice = "set PIP_INDEX_URL to an index that can be reached; builds use it too";
    vec![match reach(&format!("{url}/django/")) {
        Ok(()) => Finding::green("package index", &format!("{url} answers")),
        Err(why) => Finding::red("package index", &format!("{url}: {why}"), advice),
    }]
}
