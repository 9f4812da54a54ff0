//! Repositories that are watched, and what may go wrong with them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use djbuild::source::{SourceError, Watched};

use crate::http::HttpServer;
use crate::repository::{Repository, output_in, temporary};
use crate::watched::fetch;

fn loose(git_dir: &Path, id: &str) -> std::path::PathBuf {
    git_dir.join("objects").join(&id[..2]).join(&id[2..])
}

#[test]
fn a_remote_that_is_away_is_told_from_one_that_refuses() {
    let repository = Repository::new();
    let server = HttpServer::of(&repository);
    let folder = temporary();
    let watched = Watched::new(&server.url("me:secret@"), folder.path());
    let tip = fetch(&watched, "main");
    let begun = Instant::now();
    server.answers("503");
    let error = watched.heads().expect_err("in trouble");
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error}");
    let error = watched.fetch("main", &|_| {}).expect_err("in trouble");
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error}");
    server.answers("403");
    let error = watched.heads().expect_err("refused");
    assert!(matches!(error, SourceError::Refused { .. }), "{error}");
    server.answers("404");
    let error = watched.heads().expect_err("gone");
    assert!(matches!(error, SourceError::NoRepository { .. }), "{error}");
    server.answers("429");
    let error = watched.heads().expect_err("busy");
    assert!(matches!(error, SourceError::Busy { .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    // What is here is here all the same.
    assert_eq!(watched.commits(None, &tip).expect("here").len(), 1);
    assert_eq!(watched.resolve("main").expect("readable"), Some(tip));
}

#[test]
fn tags_that_cannot_be_listed_hold_no_branch_up() {
    let repository = Repository::new();
    let server = HttpServer::of(&repository);
    let folder = temporary();
    let watched = Watched::new(&server.url("me:secret@"), folder.path());
    watched.heads().expect("reachable");
    server.asked();
    fetch(&watched, "main");
    let requests = server.asked().lines().count();
    repository.write("new.py", "new");
    repository.commit("New");
    repository.git("tag v1");
    // The tags are asked for last: by one request without a password and two with it.
    let fetching = requests - 3;
    server.answers(&format!("{}403", "200\n".repeat(fetching)));
    assert_eq!(fetch(&watched, "main"), repository.head());
    assert_eq!(watched.resolve("v1").expect("readable"), None);
}

#[test]
fn a_repository_of_another_hash_is_told_to_be_one() {
    let repository = Repository(temporary());
    repository.git("init -q -b main --object-format=sha256");
    repository.write("django/__init__.py", "");
    repository.commit("Django");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let error = watched.heads().expect_err("SHA-256");
    assert!(matches!(error, SourceError::Unsupported { .. }), "{error}");
    let error = watched.fetch("main", &|_| {}).expect_err("SHA-256");
    assert!(matches!(error, SourceError::Unsupported { .. }), "{error}");
}

#[test]
fn a_branch_that_is_at_no_commit_is_an_error_and_is_not_kept() {
    let repository = Repository::new();
    repository.git("tag -a -m one v1");
    let tag = repository.at("v1");
    fs::write(
        repository.folder().join(".git/refs/heads/odd"),
        format!("{tag}\n"),
    )
    .expect("a file");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    watched.fetch("odd", &|_| {}).expect_err("a tag");
    assert_eq!(watched.resolve("odd").expect("readable"), None);
    fetch(&watched, "main");
}

#[test]
fn what_a_remote_has_lost_is_an_error_of_its_branch_alone() {
    let repository = Repository::new();
    repository.git("branch whole");
    repository.write("new.py", "new");
    repository.commit("New");
    let lost = repository.at("main:new.py");
    fs::remove_file(loose(&repository.folder().join(".git"), &lost)).expect("removed");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let begun = Instant::now();
    let error = watched.fetch("main", &|_| {}).expect_err("damaged");
    assert!(matches!(error, SourceError::Git { .. }), "{error}");
    assert!(error.to_string().contains("corruption"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(2), "asked once");
    let tip = fetch(&watched, "whole");
    assert_eq!(watched.commits(None, &tip).expect("here").len(), 1);
    assert_eq!(watched.heads().expect("reachable").len(), 2);
}

/// A copy with `main` and `topic`, each of which has a commit that the other has not,
/// in a pack of its own.
fn two_branches(repository: &Repository, watched: &Watched) -> (String, String) {
    fetch(watched, "main");
    for branch in ["main", "topic"] {
        repository.git(&format!("checkout -q -B {branch} HEAD"));
        repository.write(branch, branch);
        repository.commit(branch);
        fetch(watched, branch);
        repository.git("checkout -q HEAD~1");
    }
    (repository.at("main"), repository.at("topic"))
}

/// The pack that an object is in.
fn pack_of(watched: &Watched, id: &str) -> std::path::PathBuf {
    let packs = fs::read_dir(watched.git_dir().join("objects/pack")).expect("packs");
    let mut packs = packs.map(|entry| entry.expect("an entry").path());
    let has = |pack: &std::path::PathBuf| {
        let words = ["show-index"];
        let index = fs::File::open(pack).expect("an index");
        let listed = Command::new("git").args(words).stdin(index).output();
        String::from_utf8_lossy(&listed.expect("git").stdout).contains(id)
    };
    packs
        .find(|path| path.extension().is_some_and(|is| is == "idx") && has(path))
        .expect("it is in a pack")
        .with_extension("pack")
}

#[test]
fn what_is_lost_here_is_an_error_of_its_branch_and_comes_with_the_next_fetch() {
    let repository = Repository::new();
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let (main, topic) = two_branches(&repository, &watched);
    let pack = pack_of(&watched, &main);
    for ending in ["pack", "idx", "rev"] {
        let _ = fs::remove_file(pack.with_extension(ending));
    }
    watched.commits(None, &main).expect_err("lost");
    assert_eq!(watched.resolve("main").expect("readable"), None);
    assert_eq!(watched.commits(None, &topic).expect("here").len(), 1);
    repository.git("checkout -q topic");
    repository.write("more", "more");
    repository.commit("More");
    let more = fetch(&watched, "topic");
    assert_eq!(watched.commits(Some(&topic), &more).expect("here").len(), 1);
    assert_eq!(fetch(&watched, "main"), main);
    assert_eq!(watched.commits(None, &main).expect("here").len(), 1);
    output_in(watched.git_dir(), &["fsck", "--full"]);
}

#[test]
fn what_is_damaged_here_is_an_error_of_its_branch_alone() {
    let repository = Repository::new();
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let (main, topic) = two_branches(&repository, &watched);
    let pack = pack_of(&watched, &main);
    let mut bytes = fs::read(&pack).expect("a pack");
    let end = bytes.len() - 20;
    bytes[14..end].fill(0x55);
    fs::remove_file(&pack).expect("removed");
    fs::write(&pack, bytes).expect("a pack");
    let error = watched.commits(Some(&topic), &main).expect_err("damaged");
    assert!(matches!(error, SourceError::Git { .. }), "{error}");
    assert_eq!(watched.commits(None, &topic).expect("here").len(), 1);
    assert_eq!(watched.heads().expect("reachable").len(), 2);
    repository.git("checkout -q topic");
    repository.write("more", "more");
    repository.commit("More");
    let more = fetch(&watched, "topic");
    assert_eq!(watched.commits(Some(&topic), &more).expect("here").len(), 1);
}

/// Kills every git that works in a repository.
fn kill_those_in(git_dir: &Path) -> usize {
    let wanted = format!("GIT_DIR={}", git_dir.display());
    let mut killed = 0;
    for process in fs::read_dir("/proc").expect("processes").flatten() {
        let name = process.file_name();
        let Ok(id) = name.to_string_lossy().parse::<u32>() else {
            continue;
        };
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        if variables.any(|variable| variable == wanted.as_bytes()) {
            let done = Command::new("kill")
                .args(["-KILL", &id.to_string()])
                .status();
            killed += usize::from(done.is_ok_and(|status| status.success()));
        }
    }
    killed
}

#[test]
fn a_fetch_that_is_killed_is_not_in_the_way_of_the_next() {
    let repository = Repository::new();
    let mut noise = vec![0u8; 24 << 20];
    let mut state = 1u64;
    for byte in &mut noise {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *byte = state.to_be_bytes()[0];
    }
    fs::write(repository.folder().join("noise"), noise).expect("a file");
    repository.commit("Much");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    watched.heads().expect("reachable");
    let packs = watched.git_dir().join("objects/pack");
    let half = || {
        let mut entries = fs::read_dir(&packs).expect("packs").flatten();
        entries.any(|entry| entry.file_name().to_string_lossy().starts_with("tmp_"))
    };
    thread::scope(|scope| {
        let fetching = scope.spawn(|| watched.fetch("main", &|_| {}));
        while !half() {
            assert!(!fetching.is_finished(), "too quick to be seen");
        }
        assert!(kill_those_in(watched.git_dir()) > 0);
        // It may be tried again: what came early to its end may have been the network.
        let _ = fetching.join().expect("no panic");
    });
    // As it is when djbuild is killed as well.
    fs::write(packs.join("tmp_pack_AbCdEf"), "half").expect("a file");
    let tip = fetch(&watched, "main");
    assert_eq!(tip, repository.head());
    assert!(!half());
    output_in(watched.git_dir(), &["fsck", "--full"]);
}

#[test]
fn a_ref_that_a_power_cut_left_empty_is_mended() {
    let repository = Repository::new();
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let old = fetch(&watched, "main");
    repository.git("commit -q --amend -m Rewritten");
    repository.git("branch other");
    let new = fetch(&watched, "main");
    for refs in ["refs/djbuild", "refs/kept"] {
        for entry in fs::read_dir(watched.git_dir().join(refs)).expect("refs") {
            fs::write(entry.expect("an entry").path(), "").expect("a file");
        }
    }
    assert_eq!(fetch(&watched, "other"), new);
    assert_eq!(fetch(&watched, "main"), new);
    output_in(watched.git_dir(), &["gc", "-q", "--prune=now"]);
    assert_eq!(watched.resolve(&old).expect("readable"), Some(old));
}

#[test]
fn a_copy_that_was_half_made_is_made_whole() {
    let repository = Repository::new();
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let tip = fetch(&watched, "main");
    let mark = folder.path().join("mark");
    let text = format!(
        "[core]\n\tsshCommand = touch {0}\n[remote \"djbuild\"]\n\tuploadpack = touch {0};\n",
        mark.display()
    );
    fs::write(watched.git_dir().join("config"), text).expect("a file");
    fs::remove_file(watched.git_dir().join("HEAD")).expect("removed");
    assert_eq!(watched.commits(None, &tip).expect("here").len(), 1);
    assert_eq!(fetch(&watched, "main"), tip);
    assert!(!mark.exists());
}
