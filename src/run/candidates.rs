use std::path::{Path, PathBuf};

use super::{RunError, Scope};
use crate::event::{Notice, NoticeKind};
use crate::host::package_index_url;
use crate::matrix::wants_branch;
use crate::model::duration;
use crate::source::{
    Candidate, Mirror, OnTransfer, Origin, PackageIndex, SourceError, Wanted, Watched, committed,
    find_checkout, find_release, find_tree, worktree,
};
use crate::spec::{BranchChoice, Pattern, Spec};

/// Where branches come from when nothing else is said.
const DJANGO: &str = "https://github.com/django/django.git";

/// The trees that could be tested: what the sources have of what is asked for,
/// each under a name of its own; and what is other than it was asked for.
pub fn candidates(
    scope: &Scope,
    spec: &Spec,
    cache: &Path,
    on_transfer: &OnTransfer<'_>,
) -> Result<(Vec<Candidate>, Vec<Notice>), RunError> {
    let mut notices = Vec::new();
    let mut found = Vec::new();
    if scope.pins.is_empty() {
        for origin in origins(scope, &mut notices)? {
            let more = of_origin(&origin, scope, spec, cache, on_transfer, &mut notices)?;
            found.extend(more);
        }
    } else {
        for pin in &scope.pins {
            let watched = Watched::new(&pin.source, &pin.folder);
            let mirrors = cache.join("git");
            found.push(watched.candidate(&pin.branch, &pin.commit, &mirrors, scope.reach)?);
        }
    }
    Ok((apart(found), notices))
}

/// Gives each of them a name of its own.
fn apart(found: Vec<Candidate>) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = Vec::new();
    for mut candidate in found {
        if all.iter().any(|known| known.branch == candidate.branch) {
            candidate.rename(other_name(&candidate, &all));
        }
        all.push(candidate);
    }
    all
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

fn origins(scope: &Scope, notices: &mut Vec<Notice>) -> Result<Vec<Origin>, RunError> {
    if !scope.sources.is_empty() {
        return Ok(scope.sources.clone());
    }
    let here = &scope.folder;
    if let Some(folder) = find_checkout(here)? {
        return Ok(vec![Origin::Checkout(folder)]);
    }
    if let Some(folder) = find_tree(here) {
        // Testing another Django than the one at hand would be a false answer.
        return Err(SourceError::NotGit(folder).into());
    }
    let origin = if scope.branches.is_empty() {
        Origin::Release(None)
    } else {
        Origin::Git(DJANGO.to_owned())
    };
    let message = format!("no Django checkout here; taking {origin}");
    notices.push(Notice::new(NoticeKind::Other, message));
    Ok(vec![origin])
}

fn of_origin(
    origin: &Origin,
    scope: &Scope,
    spec: &Spec,
    cache: &Path,
    on_transfer: &OnTransfer<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Candidate>, RunError> {
    match origin {
        Origin::Release(version) => {
            let index = PackageIndex::new(&package_index_url());
            let version = version.as_deref();
            let found = find_release(&index, version, cache, scope.reach, on_transfer)?;
            if let Some(error) = found.stale {
                let release = &found.candidate.branch;
                let message = format!("{error}; taking {release}, the newest release kept here");
                notices.push(Notice::new(NoticeKind::Stale, message));
            }
            of_these_names(found.candidate, &scope.branches)
        }
        Origin::Checkout(folder) => of_checkout(&scope.folder.join(folder), origin, scope),
        Origin::Git(url) => {
            let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
            let in_matrix = |branch: &str| wants_branch(spec, branch, &today);
            let wanted = if scope.branches.is_empty() {
                Wanted::Branches(&in_matrix)
            } else {
                Wanted::Named(&scope.branches)
            };
            let mirror = Mirror::new(url, &cache.join("git"));
            let found = mirror.find(&wanted, scope.reach, on_transfer)?;
            if scope.branches.is_empty() {
                notices.extend(idle(spec, &found.candidates));
            }
            if let Some((age, error)) = found.stale {
                let age = duration(age.as_secs_f64());
                let message = format!("{error}; taking what was fetched {age} ago");
                notices.push(Notice::new(NoticeKind::Stale, message));
            }
            Ok(found.candidates)
        }
    }
}

/// Tells of the branches that a matrix names and the source has not.
fn idle<'a>(spec: &'a Spec, found: &'a [Candidate]) -> impl Iterator<Item = Notice> + 'a {
    let source = found
        .first()
        .map_or("", |candidate| candidate.source.as_str());
    spec.branches.iter().filter_map(move |choice| {
        let BranchChoice::Matching(pattern) = &choice.value else {
            return None;
        };
        let mut branches = found.iter().map(|candidate| &candidate.branch);
        (!branches.any(|branch| pattern.matches(branch))).then(|| {
            let message = format!("{}: no branch of {source} matches {pattern}", choice.place);
            Notice::new(NoticeKind::LeftOut, message)
        })
    })
}

/// A release, if it is one of those asked for.
fn of_these_names(release: Candidate, names: &[String]) -> Result<Vec<Candidate>, RunError> {
    let fits =
        |name: &String| Pattern::new(name).is_ok_and(|pattern| pattern.matches(&release.branch));
    if names.is_empty() || names.iter().any(fits) {
        return Ok(vec![release]);
    }
    Err(RunError::Request(format!(
        "{} has no branches; leave --branch {} out",
        release.source,
        names.join(" ")
    )))
}

/// What a checkout has committed of what is named, and what is on disk; called by
/// the name under which it was asked for.
fn of_checkout(folder: &Path, origin: &Origin, scope: &Scope) -> Result<Vec<Candidate>, RunError> {
    let mut found = Vec::new();
    if !scope.branches.is_empty() {
        let folder: PathBuf = folder
            .canonicalize()
            .map_err(|_| SourceError::NoFolder(folder.to_owned()))?;
        found.extend(committed(&folder, &Wanted::Named(&scope.branches))?);
    }
    if scope.branches.is_empty() || scope.worktree {
        let mut on_disk = worktree(folder)?;
        on_disk.source = if scope.sources.is_empty() {
            ".".to_owned()
        } else {
            origin.to_string()
        };
        found.push(on_disk);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::run::{Pin, read_spec};
    use crate::source::{Reach, Tree};

    fn git(folder: &Path, words: &[&str]) -> String {
        let done = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(words)
            .current_dir(folder)
            .output()
            .expect("git");
        assert!(done.status.success(), "{words:?}: {done:?}");
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    #[test]
    fn pins_are_what_is_tested_and_no_source_is_asked() {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let folder = temporary.path();
        git(folder, &["init", "-q", "-b", "main"]);
        let mut commits = Vec::new();
        for text in ["one", "two"] {
            std::fs::write(folder.join("file"), text).expect("a file");
            git(folder, &["add", "file"]);
            git(folder, &["commit", "-q", "-m", text]);
            commits.push(git(folder, &["rev-parse", "HEAD"]));
        }
        let source = format!("file://{}", folder.display());
        let copies = folder.join("copies");
        let watched = Watched::new(&source, &copies);
        watched.fetch("main", &|_| {}).expect("reachable");
        let pin = |commit: &String| Pin {
            source: source.clone(),
            folder: copies.clone(),
            branch: "main".to_owned(),
            commit: commit.clone(),
        };
        let mut scope = Scope {
            folder: folder.join("nowhere"),
            sources: vec![Origin::Git("file:///nowhere".to_owned())],
            branches: vec!["nothing".to_owned()],
            pins: commits.iter().map(pin).collect(),
            reach: Reach::Offline,
            ..Scope::default()
        };
        let spec = read_spec(&scope).expect("one that comes with djbuild");
        let (found, notices) = candidates(&scope, &spec, folder, &|_| {}).expect("fetched");
        assert_eq!(notices, []);
        let names: Vec<&str> = found.iter().map(|found| found.branch.as_str()).collect();
        assert_eq!(names[0], "main");
        assert!(names[1].starts_with("main@"), "{names:?}");
        for (candidate, text) in found.iter().zip(["one", "two"]) {
            let file = candidate.read("file").expect("readable");
            assert_eq!(file.as_deref(), Some(text.as_bytes()));
        }

        scope.pins[1].commit = "0123456789012345678901234567890123456789".to_owned();
        let error = candidates(&scope, &spec, folder, &|_| {}).expect_err("not fetched");
        assert!(error.to_string().contains("was not fetched"), "{error}");
    }
}
