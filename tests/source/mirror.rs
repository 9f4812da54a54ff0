//! Mirrors, of real git repositories.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::thread;

use djbuild::source::{Mirror, Mode, Reach, SourceError, Tree, Wanted, committed};

use crate::repository::{Repository, contents, fetch, find, names, temporary};

#[test]
fn every_kind_of_file_is_the_same_from_a_checkout_and_from_a_mirror() {
    let repository = Repository::new();
    let tool = repository.write("tool", "#!/bin/sh\n");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("permissions");
    symlink("tool", repository.folder().join("link")).expect("a link");
    repository.write("crlf.txt", "a\r\nb\r\n");
    repository.write("folder/\u{1F41F}", "fish");
    let latin = std::ffi::OsStr::new("caf");
    let mut latin = latin.to_owned();
    latin.push(std::os::unix::ffi::OsStrExt::from_bytes(b"\xe9") as &std::ffi::OsStr);
    fs::write(repository.folder().join(latin), "no UTF-8").expect("a file");
    repository.commit("Awkward files");

    let cache = temporary();
    let from_mirror = fetch(&repository.mirror(cache.path()), "main").remove(0);
    let from_checkout = repository.checkout();
    assert_eq!(from_mirror.manifest, from_checkout.manifest);
    assert_eq!(
        from_mirror.revision.snapshot,
        from_checkout.revision.snapshot
    );
    let files = contents(&from_mirror);
    assert_eq!(files, contents(&from_checkout));
    assert_eq!(files[&b"link".to_vec()], b"tool");
    assert_eq!(files[&b"crlf.txt".to_vec()], b"a\r\nb\r\n");
    assert_eq!(files[&b"caf\xe9".to_vec()], b"no UTF-8");
    let mode = |path: &[u8]| from_mirror.manifest.get(path).expect("a file").mode;
    assert_eq!(mode(b"tool"), Mode::Executable);
    assert_eq!(mode(b"link"), Mode::Symlink);
}

#[test]
fn a_mirror_has_only_the_branches_asked_for() {
    let repository = Repository::new();
    repository.git("branch stable/6.1.x");
    let cache = temporary();
    let snapshots = fetch(&repository.mirror(cache.path()), "stable/*");
    assert_eq!(snapshots.len(), 1);
    assert_eq!(snapshots[0].revision.branch, "stable/6.1.x");
    let mirror = fs::read_dir(cache.path())
        .expect("a cache")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.is_dir())
        .expect("a mirror");
    let refs = Command::new("git")
        .args(["for-each-ref", "--format=%(objectname)"])
        .current_dir(mirror)
        .output()
        .expect("git");
    let refs = String::from_utf8_lossy(&refs.stdout).into_owned();
    assert_eq!(refs.lines().count(), 1, "{refs}");
}

#[test]
fn a_branch_that_moved_is_followed_and_one_that_became_a_folder_too() {
    let repository = Repository::new();
    repository.git("branch fix");
    let cache = temporary();
    let mirror = repository.mirror(cache.path());
    let before = fetch(&mirror, "fix*").remove(0);
    repository.git("branch -D fix");
    repository.git("checkout -q -b fix/a");
    repository.write("django/__init__.py", "FIXED = 1\n");
    repository.commit("A fix");
    let after = fetch(&mirror, "{fix,fix/*}").remove(0);
    assert_eq!(after.revision.branch, "fix/a");
    assert_ne!(after.revision.snapshot, before.revision.snapshot);
    assert_eq!(
        contents(&after)[&b"django/__init__.py".to_vec()],
        b"FIXED = 1\n"
    );
}

#[test]
fn runs_at_the_same_time_share_a_mirror() {
    let repository = Repository::new();
    for number in 0..4 {
        repository.git(&format!("checkout -q -b topic/{number} main"));
        repository.write("topic", &number.to_string());
        repository.commit("A topic");
    }
    let cache = temporary();
    thread::scope(|scope| {
        for number in 0..4 {
            let (repository, cache) = (&repository, cache.path());
            scope.spawn(move || {
                let mirror = repository.mirror(cache);
                let snapshot = fetch(&mirror, &format!("topic/{number}")).remove(0);
                let topic = number.to_string().into_bytes();
                assert_eq!(contents(&snapshot)[&b"topic".to_vec()], topic);
            });
        }
    });
}

#[test]
fn one_revision_is_found_by_every_name_it_has() {
    let repository = Repository::new();
    let first = repository.head();
    repository.git("tag -a -m one v1");
    repository.git("update-ref refs/pull/7/head HEAD");
    repository.write("django/__init__.py", "VERSION = 2\n");
    repository.commit("Two");
    let cache = temporary();
    let mirror = repository.mirror(cache.path());
    for (word, name) in [
        ("v1", "v1"),
        ("pull/7", "pull/7"),
        ("pr/7", "pull/7"),
        ("refs/pull/7/head", "pull/7"),
        (&first[..12], &first[..10]),
    ] {
        let found = find(&mirror, &[word]).expect(word).candidates;
        assert_eq!(names(&found), [name], "{word}");
        assert_eq!(found[0].commit.as_deref(), Some(&*first), "{word}");
        found[0].snapshot().expect("a Django");
        let words = [word.to_owned()];
        let local = committed(repository.folder(), &Wanted::Named(&words)).expect(word);
        assert_eq!(local[0].commit.as_deref(), Some(&*first), "{word}");
    }
}

#[test]
fn a_name_that_nothing_has_is_told_with_a_near_one() {
    let repository = Repository::new();
    let cache = temporary();
    let error = find(&repository.mirror(cache.path()), &["mian"]).expect_err("no such branch");
    assert!(error.to_string().contains("did you mean main?"), "{error}");
    let words = ["pull/9".to_owned()];
    let error = committed(repository.folder(), &Wanted::Named(&words)).expect_err("not here");
    assert!(error.to_string().contains("git fetch"), "{error}");
}

#[test]
fn what_was_fetched_is_there_when_the_remote_is_not() {
    let repository = Repository::new();
    let server = repository.serve();
    let cache = temporary();
    let mirror = Mirror::new(&server.url, cache.path());
    let before = fetch(&mirror, "main").remove(0);
    let offline = |words: &[String]| mirror.find(&Wanted::Named(words), Reach::Offline, &|_| {});
    let main = ["main".to_owned()];
    assert!(offline(&main).expect("cached").stale.is_some());
    assert!(offline(&["other".to_owned()]).is_err());

    drop(server);
    let found = find(&mirror, &["main"]).expect("cached");
    let (age, error) = found.stale.expect("not from the remote");
    assert!(age.as_secs() < 60, "{age:?}");
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error}");
    let after = found.candidates[0].snapshot().expect("a snapshot");
    assert_eq!(after.revision, before.revision);
}

#[test]
fn only_the_newest_commit_is_fetched_where_the_server_can() {
    let repository = Repository::new();
    repository.write("tests/a.py", "A = 1\n");
    repository.commit("Two");
    let server = repository.serve();
    let cache = temporary();
    let mirror = Mirror::new(&server.url, cache.path());
    let commits = |mirror_folder: &Path| {
        let listed = Command::new("git")
            .args(["rev-list", "--all", "--count"])
            .current_dir(mirror_folder)
            .output()
            .expect("git");
        String::from_utf8_lossy(&listed.stdout).trim().to_owned()
    };
    let folder = |cache: &Path| {
        let entries = fs::read_dir(cache).expect("a cache");
        let mut folders = entries.map(|entry| entry.expect("an entry").path());
        folders.find(|path| path.is_dir()).expect("a mirror")
    };
    let first = find(&mirror, &["main"])
        .expect("reachable")
        .candidates
        .remove(0);
    assert_eq!(commits(&folder(cache.path())), "1");
    repository.write("tests/a.py", "A = 2\n");
    repository.commit("Three");
    let second = find(&mirror, &["main"])
        .expect("reachable")
        .candidates
        .remove(0);
    assert_ne!(first.commit, second.commit);
    let read = second.read("tests/a.py").expect("readable");
    assert_eq!(read.as_deref(), Some(b"A = 2\n".as_slice()));
    assert_eq!(
        contents(&second.snapshot().expect("a tree"))[&b"tests/a.py".to_vec()],
        b"A = 2\n"
    );
}

#[test]
fn a_commit_inside_a_branch_is_fetched_by_its_whole_id() {
    let repository = Repository::new();
    let first = repository.head();
    repository.write("tests/a.py", "A = 1\n");
    repository.commit("Two");
    repository.git("config uploadpack.allowReachableSHA1InWant true");
    let server = repository.serve();
    let cache = temporary();
    let mirror = Mirror::new(&server.url, cache.path());
    let found = find(&mirror, &[&first]).expect("reachable").candidates;
    assert_eq!(found[0].commit.as_deref(), Some(&*first));
    let error = find(&mirror, &[&first[..12]]).expect_err("no tip");
    assert!(error.to_string().contains("all 40"), "{error}");
}

#[test]
fn a_branch_whose_name_is_no_text_is_a_branch_all_the_same() {
    let repository = Repository::new();
    repository.write("new.py", "NEW = 1\n");
    repository.commit("New");
    repository.git("update-ref \"$(printf 'refs/heads/caf\\351')\" HEAD");
    repository.git("reset -q --hard HEAD~1");
    let cache = temporary();
    let found = fetch(&repository.mirror(cache.path()), "*");
    let names: Vec<&str> = found.iter().map(|s| s.revision.branch.as_str()).collect();
    assert_eq!(names, ["caf\u{fffd}", "main"]);
    assert!(found[0].manifest.get(b"new.py").is_some());
    let words = ["*".to_owned()];
    let here = committed(repository.folder(), &Wanted::Named(&words)).expect("branches");
    assert_eq!(
        here[0].snapshot().expect("a tree").manifest,
        found[0].manifest
    );
}
