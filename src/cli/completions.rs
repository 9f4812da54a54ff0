use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap_complete::Shell;
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::{EnvCompleter, Shells};

use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::say::say;
use crate::matrix::Support;
use crate::model::DatabaseKind;
use crate::run::{Home, Scope, ask, read_spec};
use crate::source::{Reach, Wanted, committed, find_checkout, worktree};
use crate::spec::{BUILTIN, PLAIN, Releases};
use crate::store::Estimates;

/// The variable through which shells ask for completions.
pub const VARIABLE: &str = "COMPLETE";

/// Prints the script by which a shell asks djbuild for completions.
pub fn script(shell: Shell) -> Outcome {
    let shells = Shells::builtins();
    let name = shell.to_string();
    let writer: Option<&dyn EnvCompleter> = shells.completer(&name);
    let mut script = Vec::new();
    let written = writer.map(|writer| {
        writer.write_registration(VARIABLE, "djbuild", "djbuild", "djbuild", &mut script)
    });
    match written {
        Some(Ok(())) => {
            say(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Passed)
        }
        _ => Err(CliError::Usage(format!("no completions for {name}"))),
    }
}

/// Whatever there is around the current folder, without asking anybody.
fn scope() -> Option<Scope> {
    Some(Scope {
        folder: std::env::current_dir().ok()?,
        reach: Reach::Offline,
        ..Scope::default()
    })
}

/// What the checkout around the current folder supports.
fn support() -> Option<Support> {
    let folder = find_checkout(&std::env::current_dir().ok()?).ok()??;
    Support::read(&worktree(&folder).ok()?).ok()
}

/// The Pythons this checkout supports, else all that are known.
pub fn pythons(current: &OsStr) -> Vec<CompletionCandidate> {
    let known = support().map_or_else(|| Releases::shipped().python, |s| s.python_specs());
    matching(current, known.iter().map(ToString::to_string))
}

/// The databases this checkout supports, else all that are known.
pub fn databases(current: &OsStr) -> Vec<CompletionCandidate> {
    let (releases, support) = (Releases::shipped(), support());
    let mut words = Vec::new();
    for kind in DatabaseKind::ALL {
        words.push(kind.to_string());
        if kind == DatabaseKind::Sqlite {
            continue;
        }
        words.extend(["min", "max", "*"].map(|which| format!("{kind}:{which}")));
        let oldest = support
            .as_ref()
            .and_then(|support| support.databases.get(&kind));
        let oldest = oldest
            .map(|(version, _)| version)
            .or(releases.of(kind).first());
        if let Some(oldest) = oldest {
            let known = releases.from(kind, oldest);
            words.extend(known.iter().map(ToString::to_string));
        }
    }
    matching(current, words.into_iter())
}

/// The branches of the checkout.
pub fn branches(current: &OsStr) -> Vec<CompletionCandidate> {
    let found = || {
        let folder = find_checkout(&std::env::current_dir().ok()?).ok()??;
        committed(&folder, &Wanted::Branches(&|_| true)).ok()
    };
    let names = found().unwrap_or_default().into_iter();
    matching(current, names.map(|candidate| candidate.branch))
}

/// The matrices that come with djbuild, and files.
pub fn matrices(current: &OsStr) -> Vec<CompletionCandidate> {
    let names = BUILTIN.map(|file| file.name.to_owned());
    let mut found = matching(current, names.into_iter());
    found.extend(PathCompleter::file().complete(current));
    found
}

/// Checkouts by their folders, and the beginning of releases.
pub fn sources(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut found = matching(current, ["pypi:Django==".to_owned()].into_iter());
    found.extend(PathCompleter::dir().complete(current));
    found
}

/// The variants of the matrix.
pub fn variants(current: &OsStr) -> Vec<CompletionCandidate> {
    let spec = scope().and_then(|scope| read_spec(&scope).ok());
    let defined = spec.into_iter().flat_map(|spec| spec.definitions);
    let names = defined.map(|variant| variant.name.to_string());
    matching(current, names.chain([PLAIN.to_owned()]))
}

/// The cells of the checkout, in and out.
pub fn cells(current: &OsStr) -> Vec<CompletionCandidate> {
    let asked = || {
        find_checkout(&std::env::current_dir().ok()?).ok()??;
        let home = Home::find().ok()?;
        let estimates = || Estimates::of(&home.state, &[]);
        ask(&scope()?, &home.cache, &|_| {}, &estimates).ok()
    };
    let matrix = asked().map(|asked| asked.matrix).unwrap_or_default();
    let excluded = matrix.excluded.iter().map(|out| &out.cell);
    let cells = matrix.cells.iter().chain(excluded);
    matching(current, cells.map(ToString::to_string))
}

/// The apps of the checkout's test suite.
pub fn labels(current: &OsStr) -> Vec<CompletionCandidate> {
    let apps = || {
        let folder = find_checkout(&std::env::current_dir().ok()?).ok()??;
        let entries = std::fs::read_dir(folder.join("tests")).ok()?;
        let apps = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().join("__init__.py").is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        Some(apps.collect::<BTreeSet<_>>())
    };
    matching(current, apps().unwrap_or_default().into_iter())
}

fn matching(current: &OsStr, words: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    let typed = current.to_string_lossy().into_owned();
    words
        .filter(|word| word.starts_with(&typed))
        .map(CompletionCandidate::new)
        .collect()
}
