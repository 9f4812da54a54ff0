use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::SelectOptions;
use super::error::CliError;
use super::host;
use super::sinks::warn;
use crate::matrix::wants_branch;
use crate::model::duration;
use crate::progress::Fetching;
use crate::source::{
    Candidate, Mirror, OnTransfer, Origin, Reach, Snapshot, SourceError, Transfer, Wanted,
    committed, find_checkout, find_release, find_tree, worktree,
};
use crate::spec::{BranchChoice, Pattern, Spec};

/// Where branches come from when nothing else is said.
const DJANGO: &str = "https://github.com/django/django.git";

/// The trees that could be tested: what the sources have of what is asked for,
/// each under a name of its own.
pub fn candidates(
    options: &SelectOptions,
    spec: &Spec,
    cache: &Path,
    fetching: &Fetching,
) -> Result<Vec<Candidate>, CliError> {
    let on_transfer = |transfer: &Transfer| {
        fetching.show(&transfer.what, transfer.done, transfer.total, transfer.unit);
    };
    let mut all: Vec<Candidate> = Vec::new();
    for origin in origins(options)? {
        for mut candidate in of_origin(&origin, options, spec, cache, &on_transfer)? {
            if all.iter().any(|known| known.branch == candidate.branch) {
                candidate.rename(other_name(&candidate, &all));
            }
            all.push(candidate);
        }
    }
    Ok(all)
}

/// The files of these candidates.
pub fn snapshots<'a>(
    candidates: impl Iterator<Item = &'a Candidate>,
) -> Result<Vec<Arc<Snapshot>>, CliError> {
    candidates
        .map(|candidate| Ok(Arc::new(candidate.snapshot()?)))
        .collect()
}

/// A name for the second `main`: `main@worktree`, `main@django-fix`.
fn other_name(candidate: &Candidate, taken: &[Candidate]) -> String {
    let place = if candidate.source == "." {
        "worktree"
    } else {
        let source = candidate.source.trim_end_matches('/');
        let last = source.rsplit(['/', ':']).next().unwrap_or(source);
        last.strip_suffix(".git").unwrap_or(last)
    };
    let name = format!("{}@{place}", candidate.branch);
    let is_taken = |name: &str| taken.iter().any(|known| known.branch == name);
    let mut names = (2..).map(|number| format!("{name}-{number}"));
    if is_taken(&name) {
        names.find(|name| !is_taken(name)).unwrap_or(name)
    } else {
        name
    }
}

fn origins(options: &SelectOptions) -> Result<Vec<Origin>, CliError> {
    if !options.source.is_empty() {
        return Ok(options.source.clone());
    }
    let here = std::env::current_dir().map_err(CliError::read("."))?;
    if let Some(folder) = find_checkout(&here)? {
        return Ok(vec![Origin::Checkout(folder)]);
    }
    if let Some(folder) = find_tree(&here) {
        // Testing another Django than the one at hand would be a false answer.
        return Err(SourceError::NotGit(folder).into());
    }
    let origin = if options.branch.is_empty() {
        Origin::Release(None)
    } else {
        Origin::Git(DJANGO.to_owned())
    };
    warn(&format!("no Django checkout here; taking {origin}"));
    Ok(vec![origin])
}

fn of_origin(
    origin: &Origin,
    options: &SelectOptions,
    spec: &Spec,
    cache: &Path,
    on_transfer: &OnTransfer<'_>,
) -> Result<Vec<Candidate>, CliError> {
    let reach = if options.offline {
        Reach::Offline
    } else {
        Reach::Online
    };
    match origin {
        Origin::Release(version) => {
            let index = host::package_index();
            let found = find_release(&index, version.as_deref(), cache, reach, on_transfer)?;
            if let Some(error) = found.stale {
                let release = &found.candidate.branch;
                warn(&format!(
                    "{error}; taking {release}, the newest release kept here"
                ));
            }
            of_these_names(found.candidate, &options.branch)
        }
        Origin::Checkout(folder) => of_checkout(folder, options),
        Origin::Git(url) => {
            let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
            let in_matrix = |branch: &str| wants_branch(spec, branch, &today);
            let wanted = if options.branch.is_empty() {
                Wanted::Branches(&in_matrix)
            } else {
                Wanted::Named(&options.branch)
            };
            let mirror = Mirror::new(url, &cache.join("git"));
            let found = mirror.find(&wanted, reach, on_transfer)?;
            if options.branch.is_empty() {
                tell_idle(spec, url, &found.candidates);
            }
            if let Some((age, error)) = found.stale {
                let age = duration(age.as_secs_f64());
                warn(&format!("{error}; taking what was fetched {age} ago"));
            }
            Ok(found.candidates)
        }
    }
}

/// Tells of the branches that a matrix names and the source has not.
fn tell_idle(spec: &Spec, url: &str, found: &[Candidate]) {
    for choice in &spec.branches {
        if let BranchChoice::Matching(pattern) = &choice.value
            && !found
                .iter()
                .any(|candidate| pattern.matches(&candidate.branch))
        {
            warn(&format!(
                "{}: no branch of {url} matches {pattern}",
                choice.place
            ));
        }
    }
}

/// A release, if it is one of those asked for.
fn of_these_names(release: Candidate, names: &[String]) -> Result<Vec<Candidate>, CliError> {
    let fits =
        |name: &String| Pattern::new(name).is_ok_and(|pattern| pattern.matches(&release.branch));
    if names.is_empty() || names.iter().any(fits) {
        return Ok(vec![release]);
    }
    Err(CliError::Usage(format!(
        "{} has no branches; leave --branch {} out",
        release.source,
        names.join(" ")
    )))
}

fn of_checkout(folder: &Path, options: &SelectOptions) -> Result<Vec<Candidate>, CliError> {
    let mut found = Vec::new();
    if !options.branch.is_empty() {
        let folder: PathBuf = folder
            .canonicalize()
            .map_err(|_| SourceError::NoFolder(folder.to_owned()))?;
        found.extend(committed(&folder, &Wanted::Named(&options.branch))?);
    }
    if options.branch.is_empty() || options.worktree {
        let mut on_disk = worktree(folder)?;
        if options.source.is_empty() {
            ".".clone_into(&mut on_disk.source);
        }
        found.push(on_disk);
    }
    Ok(found)
}
