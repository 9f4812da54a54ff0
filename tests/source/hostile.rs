//! Repositories that want something run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use djbuild::source::{Mirror, SourceError, Wanted, committed};

use crate::repository::{Repository, checkout, contents, fetch, find, temporary};

/// Has a repository run a program wherever git would let it.
fn plant(repository: &Repository, mark: &Path) {
    let script = repository.folder().join(".git/planted");
    let text = format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", mark.display());
    fs::write(&script, text).expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("permissions");
    let script = script.display();
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.gitProxy",
        "core.askPass",
        "core.pager",
        "core.editor",
        "core.alternateRefsCommand",
        "uploadpack.packObjectsHook",
        "credential.helper",
        "filter.planted.clean",
        "filter.planted.smudge",
        "filter.planted.process",
        "diff.planted.textconv",
        "diff.planted.command",
        "diff.external",
        "gpg.program",
        "remote.origin.uploadpack",
        "remote.origin.vcs",
    ] {
        repository.git(&format!("config {key} {script}"));
    }
    repository.git("config filter.planted.required true");
    repository.git("config protocol.ext.allow always");
    let hooks = repository.folder().join(".git/hooks");
    fs::create_dir_all(&hooks).expect("a folder");
    for hook in [
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "pre-auto-gc",
        "fsmonitor-watchman",
    ] {
        fs::copy(repository.folder().join(".git/planted"), hooks.join(hook)).expect("a hook");
    }
}

fn said(mark: &Path) -> String {
    fs::read_to_string(mark).unwrap_or_default()
}

#[test]
fn nothing_that_a_checkout_names_is_run_when_it_is_read() {
    let repository = Repository::new();
    repository.write(".gitattributes", "*.py filter=planted diff=planted\n");
    repository.write("django/a.py", "A = 1\n");
    repository.commit("Files");
    repository.git("branch stable/6.1.x");
    let folder = temporary();
    let mark = folder.path().join("mark");
    plant(&repository, &mark);
    // A filter would be asked about a file that was touched.
    repository.write("django/a.py", "A = 2\n");
    repository.write("tests/runtests.py", "print()\n");
    let files = contents(&repository.checkout());
    assert_eq!(files[&b"django/a.py".to_vec()], b"A = 2\n");
    let words = ["stable/*".to_owned(), "HEAD~0".to_owned()];
    let found = committed(repository.folder(), &Wanted::Named(&words)).expect("branches");
    for candidate in &found {
        candidate.snapshot().expect("a tree");
    }
    assert_eq!(said(&mark), "");
}

#[test]
fn nothing_that_a_split_index_or_a_submodule_names_is_run() {
    let inner = Repository::new();
    let repository = Repository::new();
    repository.git(&format!(
        "-c protocol.file.allow=always submodule add -q {} docs/theme",
        inner.url()
    ));
    repository.commit("A submodule");
    repository.git("update-index --split-index");
    let folder = temporary();
    let mark = folder.path().join("mark");
    plant(&repository, &mark);
    repository.git(&format!(
        "config -f .git/modules/docs/theme/config core.fsmonitor {}",
        repository.folder().join(".git/planted").display()
    ));
    let _ = fs::remove_file(&mark);
    checkout(repository.folder()).expect("a checkout");
    assert_eq!(said(&mark), "");
}

#[test]
fn nothing_that_a_remote_on_this_disk_names_is_run() {
    let repository = Repository::new();
    let folder = temporary();
    let mark = folder.path().join("mark");
    plant(&repository, &mark);
    let cache = temporary();
    fetch(&repository.mirror(cache.path()), "main");
    assert_eq!(said(&mark), "");
}

#[test]
fn nothing_that_somebody_wrote_into_a_mirror_is_run() {
    let repository = Repository::new();
    let cache = temporary();
    let mirror = repository.mirror(cache.path());
    fetch(&mirror, "main");
    let mark = cache.path().join("mark");
    let script = cache.path().join("planted");
    fs::write(
        &script,
        format!("#!/bin/sh\necho run >> {}\n", mark.display()),
    )
    .expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("permissions");
    let folders = fs::read_dir(cache.path()).expect("a cache");
    let folder = folders
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.is_dir())
        .expect("a mirror");
    let script = script.display();
    let config = format!(
        "[core]\n\tbare = true\n\tsshCommand = {script}\n\tfsmonitor = {script}\n\
         [remote \"djbuild\"]\n\tuploadpack = {script}\n"
    );
    fs::write(folder.join("config"), config).expect("a file");
    fs::create_dir_all(folder.join("hooks")).expect("a folder");
    fs::copy(
        cache.path().join("planted"),
        folder.join("hooks/reference-transaction"),
    )
    .expect("a hook");
    repository.write("new.py", "NEW = 1\n");
    repository.commit("New");
    let found = fetch(&mirror, "main").remove(0);
    assert!(found.manifest.get(b"new.py").is_some());
    assert_eq!(said(&mark), "");
}

#[test]
fn an_address_that_is_a_command_is_refused() {
    let cache = temporary();
    let mark = cache.path().join("mark");
    let url = format!("ext::touch {}", mark.display());
    let error = find(&Mirror::new(&url, cache.path()), &["main"]).expect_err("a command");
    assert!(error.to_string().contains("not allowed"), "{error}");
    assert!(!mark.exists());
}

#[test]
fn a_submodule_of_a_remote_may_not_be_on_this_disk() {
    let inner = Repository::new();
    let repository = Repository::new();
    repository.git(&format!(
        "-c protocol.file.allow=always submodule add -q {} docs/theme",
        inner.url()
    ));
    repository.commit("A submodule");
    let server = repository.serve();
    let cache = temporary();
    let mirror = Mirror::new(&server.url, cache.path());
    let found = find(&mirror, &["main"]).expect("reachable").candidates;
    let error = found[0].snapshot().expect_err("a file of this disk");
    assert!(matches!(error, SourceError::Git { .. }), "{error}");
    assert!(error.to_string().contains("not allowed"), "{error}");
}
