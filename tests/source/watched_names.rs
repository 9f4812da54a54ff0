//! Names that branches and commits of a repository that is watched may have.

use std::fs;

use djbuild::source::SourceError;

use crate::repository::{Repository, output_in, temporary};
use crate::watched::{change, fetch};

#[test]
fn no_name_of_a_branch_is_an_order_to_git() {
    let repository = Repository::new();
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let tip = fetch(&watched, "main");
    let mark = folder.path().join("mark");
    let program = format!("--upload-pack=touch {}", mark.display());
    for name in [
        program.as_str(),
        "main\n+refs/heads/main:refs/kept/x",
        "main:refs/heads/x",
        "*",
        "../heads/main",
        "a..b",
        "^main",
        "main ",
        "",
        "@{-1}",
        "main\0",
    ] {
        let error = watched.fetch(name, &|_| {}).expect_err("no branch");
        assert!(matches!(error, SourceError::NoRevision(_)), "{error}");
        assert_eq!(watched.resolve(name).expect("readable"), None, "{name}");
    }
    assert!(!mark.exists());
    // These are names that git allows.
    for name in [
        "-x",
        "--upload-pack=false",
        "--help",
        "$(false)",
        "'\"",
        "@",
    ] {
        repository.git(&format!("update-ref 'refs/heads/topic' {tip}"));
        let path = repository.folder().join(".git/refs/heads").join(name);
        fs::write(path, format!("{tip}\n")).expect("a file");
        assert!(watched.heads().expect("reachable").contains_key(name));
        assert_eq!(fetch(&watched, name), tip, "{name}");
        assert_eq!(watched.resolve(name).expect("readable"), Some(tip.clone()));
    }
    let refs = output_in(watched.git_dir(), &["for-each-ref", "--format=%(refname)"]);
    let is_ours = |name: &str| name.starts_with("refs/djbuild/") || name.starts_with("refs/kept/");
    assert!(refs.lines().all(is_ours), "{refs}");
}

#[test]
fn a_branch_whose_name_is_no_text_is_watched_by_its_commit() {
    let repository = Repository::new();
    repository.git("checkout -q -b topic");
    let tip = change(&repository, "new");
    repository.git("update-ref \"$(printf 'refs/heads/caf\\351')\" HEAD");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let heads = watched.heads().expect("reachable");
    assert_eq!(heads["caf\u{fffd}"], tip);
    assert_eq!(fetch(&watched, "caf\u{fffd}"), tip);
    let error = watched.fetch("th\u{fffd}", &|_| {}).expect_err("no branch");
    assert!(matches!(error, SourceError::NoRevision(_)), "{error}");
}

#[test]
fn a_commit_is_meant_by_every_name_it_has() {
    let repository = Repository::new();
    let first = repository.head();
    repository.git("tag -a -m one v1");
    let tip = change(&repository, "two");
    repository.git("tag v2");
    repository.git("checkout -q -b elsewhere");
    let elsewhere = change(&repository, "elsewhere");
    repository.git("tag far");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let resolve = |word: &str| watched.resolve(word).expect("readable");
    assert_eq!(resolve("main"), None, "nothing was fetched");
    fetch(&watched, "main");
    let capitals = first.to_uppercase();
    for word in ["v1", &first, &capitals, &first[..7], &first[..39]] {
        assert_eq!(resolve(word), Some(first.clone()), "{word}");
    }
    for word in ["main", "v2", &tip, &tip[..12]] {
        assert_eq!(resolve(word), Some(tip.clone()), "{word}");
    }
    for word in [
        "elsewhere",
        "far",
        &elsewhere,
        &elsewhere[..10],
        &repository.at("main:new.py"),
        &repository.at("main^{tree}")[..10],
        "HEAD",
        "main~1",
        "-v",
        "--all",
        "@",
        "",
        ":/two",
    ] {
        assert_eq!(resolve(word), None, "{word}");
    }
}

#[test]
fn a_branch_that_became_a_folder_is_fetched_all_the_same() {
    let repository = Repository::new();
    repository.git("branch fix");
    repository.git("tag v");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    fetch(&watched, "fix");
    repository.git("branch -D fix");
    repository.git("tag -d v");
    repository.git("checkout -q -b fix/a");
    let tip = change(&repository, "a fix");
    repository.git("tag v/a");
    assert_eq!(fetch(&watched, "fix/a"), tip);
    repository.git("checkout -q main");
    repository.git("branch -D fix/a");
    repository.git("branch fix");
    assert_eq!(fetch(&watched, "fix"), repository.head());
    assert_eq!(watched.resolve("v/a").expect("readable"), Some(tip));
}
