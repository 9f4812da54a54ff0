//! Fetches that fail: what is out of reach may be stale, all else is an error.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use djbuild::source::{Mirror, SourceError};

use crate::http::HttpServer;
use crate::repository::{Repository, fetch, find, temporary};

fn folder_of(cache: &Path) -> PathBuf {
    let entries = fs::read_dir(cache).expect("a cache");
    let mut folders = entries.map(|entry| entry.expect("an entry").path());
    folders.find(|path| path.is_dir()).expect("a mirror")
}

#[test]
fn a_server_in_trouble_makes_what_is_here_stale() {
    let repository = Repository::new();
    let server = HttpServer::of(&repository);
    let cache = temporary();
    let mirror = server.mirror(cache.path());
    fetch(&mirror, "main");
    for trouble in ["503", "broken"] {
        server.answers(trouble);
        let found = find(&mirror, &["main"]).expect("cached");
        let (_, error) = found.stale.expect("out of reach");
        assert!(matches!(error, SourceError::Unreachable { .. }), "{error}");
    }
}

#[test]
fn a_server_that_refuses_is_an_error_whatever_is_here() {
    let repository = Repository::new();
    let server = HttpServer::of(&repository);
    let cache = temporary();
    let mirror = server.mirror(cache.path());
    fetch(&mirror, "main");
    for status in ["401", "403"] {
        server.answers(status);
        let error = find(&mirror, &["main"]).expect_err("refused");
        assert!(matches!(error, SourceError::Refused { .. }), "{error}");
    }
    server.answers("404");
    let error = find(&mirror, &["main"]).expect_err("gone");
    assert!(matches!(error, SourceError::NoRepository { .. }), "{error}");
    server.answers("429");
    let error = find(&mirror, &["main"]).expect_err("busy");
    assert!(matches!(error, SourceError::Busy { .. }), "{error}");
}

#[test]
fn a_fault_that_passes_is_tried_again_and_a_refusal_is_not() {
    let repository = Repository::new();
    let server = HttpServer::of(&repository);
    let cache = temporary();
    let mirror = server.mirror(cache.path());
    server.answers("503\n200");
    let found = find(&mirror, &["main"]).expect("the second time");
    assert!(found.stale.is_none());
    server.asked();
    server.answers("403\n200");
    find(&mirror, &["main"]).expect_err("refused");
    assert_eq!(server.asked().lines().count(), 1);
}

#[test]
fn a_repository_that_is_gone_is_not_stale() {
    let mut repository = Repository::new();
    let cache = temporary();
    let mirror = repository.mirror(cache.path());
    fetch(&mirror, "main");
    repository.0 = temporary();
    let error = find(&mirror, &["main"]).expect_err("gone");
    assert!(matches!(error, SourceError::NoRepository { .. }), "{error}");
}

#[test]
fn a_lock_in_the_mirror_is_an_error_and_one_left_long_ago_is_not() {
    let repository = Repository::new();
    let cache = temporary();
    let mirror = repository.mirror(cache.path());
    fetch(&mirror, "main");
    let lock = folder_of(cache.path()).join("shallow.lock");
    let file = File::create(&lock).expect("a file");
    repository.write("new.py", "NEW = 1\n");
    repository.commit("New");
    let half = folder_of(cache.path()).join("objects/pack/tmp_pack_AbCdEf");
    fs::write(&half, "half").expect("a file");
    let error = find(&mirror, &["main"]).expect_err("locked");
    assert!(!half.exists(), "what was half fetched takes room");
    assert!(matches!(error, SourceError::Git { .. }), "{error}");
    assert!(error.to_string().contains("shallow.lock"), "{error}");
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    file.set_modified(long_ago).expect("a time");
    let found = fetch(&mirror, "main").remove(0);
    assert!(found.manifest.get(b"new.py").is_some());
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    let repository = Repository::new();
    let cache = temporary();
    let mirror = repository.mirror(cache.path());
    fetch(&mirror, "main");
    let packs = folder_of(cache.path()).join("objects/pack");
    fs::rename(&packs, cache.path().join("elsewhere")).expect("renamed");
    File::create(&packs).expect("a file in its place");
    let error = find(&mirror, &["main"]).expect_err("no place");
    assert!(matches!(error, SourceError::Io { .. }), "{error}");
}

#[test]
fn an_idle_poll_asks_for_branches_and_fetches_nothing() {
    let repository = Repository::new();
    repository.git("update-ref refs/pull/7/head HEAD");
    let server = HttpServer::of(&repository);
    let cache = temporary();
    let mirror = server.mirror(cache.path());
    fetch(&mirror, "*");
    server.asked();
    fetch(&mirror, "*");
    let asked = server.asked();
    assert!(asked.contains("ref-prefix refs/heads/"), "{asked}");
    assert!(!asked.contains("command=fetch"), "{asked}");
    assert!(!asked.contains("refs/pull"), "{asked}");
    let found = find(&mirror, &["pull/7"]).expect("a pull request");
    assert_eq!(found.candidates[0].branch, "pull/7");
    assert!(server.asked().contains("ref-prefix refs/pull/7/head"));
}

#[test]
fn a_commit_that_is_here_is_not_asked_for() {
    let repository = Repository::new();
    let server = HttpServer::of(&repository);
    let cache = temporary();
    let mirror = server.mirror(cache.path());
    let head = repository.head();
    find(&mirror, &[&head]).expect("a commit");
    server.asked();
    let found = find(&mirror, &[&head]).expect("a commit");
    assert!(found.stale.is_none());
    assert_eq!(server.asked(), "");
}

#[test]
fn what_git_says_on_the_way_is_heard_as_progress() {
    let repository = Repository::new();
    for number in 0..50 {
        repository.write(&format!("tests/{number}.py"), &number.to_string());
    }
    repository.commit("Files");
    let cache = temporary();
    let mirror: Mirror = repository.mirror(cache.path());
    let heard = std::cell::RefCell::new(Vec::new());
    let words = ["main".to_owned()];
    let wanted = djbuild::source::Wanted::Named(&words);
    let on_transfer = |transfer: &djbuild::source::Transfer| {
        heard.borrow_mut().push(transfer.clone());
    };
    mirror
        .find(&wanted, djbuild::source::Reach::Online, &on_transfer)
        .expect("reachable");
    let heard = heard.into_inner();
    let last = heard.last().expect("progress");
    assert_eq!(Some(last.done), last.total);
    assert!(last.done > 50, "{last:?}");
    assert_eq!(last.unit, "objects");
}
