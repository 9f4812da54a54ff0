//! Repositories that are watched: their branches, and what stays of them here.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use djbuild::source::{Keep, Reach, Reclaimable, SourceError, Tree, Watched};

use crate::http::HttpServer;
use crate::repository::{Repository, contents, output_in, temporary};

pub fn fetch(watched: &Watched, branch: &str) -> String {
    watched.fetch(branch, &|_| {}).expect("reachable")
}

pub fn change(repository: &Repository, text: &str) -> String {
    repository.write("new.py", text);
    repository.commit(text);
    repository.head()
}

/// What nothing leads to is gone at once.
fn collect(watched: &Watched) {
    output_in(watched.git_dir(), &["gc", "-q", "--prune=now"]);
}

#[test]
fn branches_are_listed_and_nothing_else_is() {
    let repository = Repository::new();
    repository.git("branch stable/6.1.x");
    repository.git("tag -a -m one v1");
    repository.git("tag v2");
    repository.git("update-ref refs/pull/7/head HEAD");
    repository.git("update-ref refs/heads/refs/tags/odd HEAD");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let heads = watched.heads().expect("reachable");
    let names: Vec<&str> = heads.keys().map(String::as_str).collect();
    assert_eq!(names, ["main", "refs/tags/odd", "stable/6.1.x"]);
    assert_eq!(heads["main"], repository.head());
    for name in ["v1", "v2", "pull/7/head", "HEAD", "refs/heads/main"] {
        let error = watched.fetch(name, &|_| {}).expect_err("no branch");
        assert!(matches!(error, SourceError::NoRevision(_)), "{error}");
    }
    assert_eq!(watched.place(), repository.url());
}

#[test]
fn a_listing_costs_what_branches_cost_however_many_pull_requests_there_are() {
    let repository = Repository::new();
    let head = repository.head();
    let mut refs = String::from("# pack-refs with: peeled fully-peeled sorted \n");
    let mut numbers: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
    numbers.sort();
    for number in numbers {
        writeln!(refs, "{head} refs/pull/{number}/head").expect("a string");
    }
    fs::write(repository.folder().join(".git/packed-refs"), refs).expect("a file");
    let server = HttpServer::of(&repository);
    let folder = temporary();
    let watched = Watched::new(&server.url("me:secret@"), folder.path());
    assert_eq!(watched.heads().expect("reachable").len(), 1);
    println!("a listing is {} bytes", server.sent());
    assert!(server.sent() < 64 << 10, "{}", server.sent());
    let asked = server.asked();
    assert!(!asked.contains("command=fetch"), "{asked}");
    fetch(&watched, "main");
    assert!(server.sent() < 64 << 10, "{}", server.sent());
    assert_eq!(watched.place(), server.url(""));
    assert!(!format!("{watched:?}").contains("secret"));
}

#[test]
fn the_whole_history_comes_and_needs_no_remote_any_more() {
    let mut repository = Repository::new();
    let first = repository.head();
    let second = change(&repository, "two");
    let tip = change(&repository, "three");
    let server = repository.serve();
    let folder = temporary();
    let watched = Watched::new(&server.url, folder.path());
    assert_eq!(fetch(&watched, "main"), tip);
    drop(server);
    repository.0 = temporary();
    let count = output_in(watched.git_dir(), &["rev-list", "--count", &tip]);
    assert_eq!(count.trim(), "3");
    let cache = temporary();
    for (commit, text) in [(&second, "two"), (&tip, "three")] {
        let candidate = watched
            .candidate("main", commit, cache.path(), Reach::Online)
            .expect("here");
        assert_eq!(candidate.branch, "main");
        assert_eq!(candidate.commit.as_deref(), Some(commit.as_str()));
        assert_eq!(candidate.source, watched.place());
        let read = candidate.read("new.py").expect("readable");
        assert_eq!(read.as_deref(), Some(text.as_bytes()));
        let snapshot = candidate.snapshot().expect("a tree");
        assert_eq!(contents(&snapshot)[&b"new.py".to_vec()], text.as_bytes());
        assert_eq!(snapshot.revision.branch, "main");
    }
    let commits = watched.commits(Some(&first), &tip).expect("here");
    assert_eq!(commits.len(), 2);
    assert!(watched.is_in(&first, &tip).expect("here"));
    assert!(watched.is_in(&tip, &tip).expect("here"));
    assert!(!watched.is_in(&tip, &first).expect("here"));
}

#[test]
fn a_candidate_has_its_submodules_from_mirrors() {
    let inner = Repository::new();
    let repository = Repository::new();
    repository.git(&format!(
        "-c protocol.file.allow=always submodule add -q {} docs/theme",
        inner.url()
    ));
    repository.commit("A submodule");
    let (folder, cache) = (temporary(), temporary());
    let watched = repository.watched(folder.path());
    let tip = fetch(&watched, "main");
    let candidate = |reach| {
        let found = watched.candidate("main", &tip, cache.path(), reach);
        found.expect("here").snapshot()
    };
    candidate(Reach::Offline).expect_err("it was never fetched");
    let snapshot = candidate(Reach::Online).expect("reachable");
    let path = b"docs/theme/tests/runtests.py";
    assert!(snapshot.manifest.get(path).is_some());
    candidate(Reach::Offline).expect("fetched by now");
}

#[test]
fn a_branch_that_was_rewritten_leaves_what_it_was() {
    let repository = Repository::new();
    let base = repository.head();
    let old = change(&repository, "old");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    assert_eq!(fetch(&watched, "main"), old);
    repository.git("reset -q --hard HEAD~1");
    change(&repository, "new");
    let new = change(&repository, "newer");
    assert_eq!(fetch(&watched, "main"), new);

    collect(&watched);
    assert_eq!(watched.resolve(&old).expect("readable"), Some(old.clone()));
    assert!(!watched.is_in(&old, &new).expect("here"));
    assert!(watched.is_in(&base, &new).expect("here"));
    let commits = watched.commits(Some(&old), &new).expect("here");
    let subjects: Vec<&str> = commits.iter().map(|c| c.subject.as_str()).collect();
    assert_eq!(subjects, ["new", "newer"]);

    watched
        .keep_only(&BTreeSet::from([old.clone()]))
        .expect("writable");
    collect(&watched);
    assert!(watched.resolve(&old).expect("readable").is_some());
    watched.keep_only(&BTreeSet::new()).expect("writable");
    collect(&watched);
    assert_eq!(watched.resolve(&old).expect("readable"), None);
    assert!(!watched.is_in(&old, &new).expect("no longer here"));
    let error = watched.commits(Some(&old), &new).expect_err("not here");
    assert!(matches!(error, SourceError::NoRevision(_)), "{error}");
    let tip = watched.resolve("main").expect("readable");
    assert_eq!(tip, Some(new.clone()), "tips stay");
    assert_eq!(fetch(&watched, "main"), new);
}

#[test]
fn a_branch_that_went_or_moved_since_it_was_listed_is_what_it_is_now() {
    let repository = Repository::new();
    repository.git("branch topic");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let heads = watched.heads().expect("reachable");
    let newer = change(&repository, "newer");
    assert_ne!(heads["main"], newer);
    assert_eq!(fetch(&watched, "main"), newer);

    let topic = fetch(&watched, "topic");
    repository.git("branch -D topic");
    let error = watched.fetch("topic", &|_| {}).expect_err("gone");
    assert!(matches!(error, SourceError::NoRevision(_)), "{error}");
    assert_eq!(watched.resolve("topic").expect("readable"), None);
    let commit = watched.resolve(&topic).expect("readable");
    assert_eq!(commit, Some(topic), "the commit is still here");
}

#[test]
fn who_fetches_at_the_same_time_shares_a_copy() {
    let repository = Repository::new();
    for number in 0..4 {
        repository.git(&format!("checkout -q -b topic/{number} main"));
        change(&repository, &number.to_string());
    }
    let folder = temporary();
    thread::scope(|scope| {
        for number in 0..4 {
            let (repository, folder) = (&repository, folder.path());
            scope.spawn(move || {
                let watched = repository.watched(folder);
                let topic = format!("topic/{number}");
                assert_eq!(watched.heads().expect("reachable").len(), 5);
                let tip = fetch(&watched, &topic);
                assert_eq!(watched.resolve(&topic).expect("readable"), Some(tip));
            });
        }
    });
}

#[test]
fn many_fetches_leave_few_packs() {
    let repository = Repository::new();
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let first = fetch(&watched, "main");
    let mut tip = String::new();
    for number in 0..30 {
        change(&repository, &number.to_string());
        tip = fetch(&watched, "main");
    }
    let packs = fs::read_dir(watched.git_dir().join("objects/pack")).expect("packs");
    let packs = packs.filter(|entry| {
        let path = entry.as_ref().expect("an entry").path();
        path.extension().is_some_and(|ending| ending == "pack")
    });
    assert!(packs.count() < 20);
    assert_eq!(watched.commits(Some(&first), &tip).expect("here").len(), 30);
}

#[test]
fn a_copy_is_no_part_of_what_may_go_from_the_cache() {
    let repository = Repository::new();
    let cache = temporary();
    // Even there, where it is not kept.
    let watched = repository.watched(&cache.path().join("git"));
    fetch(&watched, "main");
    thread::sleep(Duration::from_millis(10));
    let keep = Keep {
        used_within: Duration::ZERO,
        bytes: Some(0),
    };
    let found = Reclaimable::find(cache.path(), keep).expect("readable");
    let is_its = |path: &Path| path.starts_with(watched.git_dir());
    assert!(!found.iter().any(|part| is_its(&part.path)), "{found:?}");
}

#[test]
fn another_password_is_not_another_copy() {
    let folder = temporary();
    let at = |url: &str| Watched::new(url, folder.path()).git_dir().to_owned();
    let one = at("https://me:one@example.org/d.git");
    assert_eq!(one, at("https://me:two@example.org/d.git"));
    assert_ne!(one, at("https://example.org/e.git"));
}
