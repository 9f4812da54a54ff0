//! Checkouts and mirrors, on real git repositories.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use djbuild::source::{
    Candidate, Mirror, Mirrored, Mode, Reach, Snapshot, SourceError, Tree, Wanted, committed,
    worktree,
};

struct Repository(tempfile::TempDir);

impl Repository {
    /// The smallest tree that passes for Django, committed on `main`.
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().expect("a temporary folder"));
        repository.git("init -q -b main");
        repository.write("django/__init__.py", "VERSION = (7, 0, 0, 'alpha', 0)\n");
        repository.write("tests/runtests.py", "print()\n");
        repository.commit("Django");
        repository
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.folder().join(path);
        fs::create_dir_all(path.parent().expect("inside the tree")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    }

    fn git(&self, words: &str) {
        let git = "git -c user.name=t -c user.email=t@example.org -c core.excludesFile=/dev/null";
        let done = Command::new("sh")
            .args(["-euc", &format!("{git} {words}")])
            .current_dir(self.folder())
            .status()
            .expect("sh");
        assert!(done.success(), "git {words}");
    }

    fn commit(&self, subject: &str) {
        self.git("add -A");
        self.git(&format!("commit -qm '{subject}'"));
    }

    fn head(&self) -> String {
        let head = Command::new("git")
            .args(["rev-parse", "HEAD"])
            .current_dir(self.folder())
            .output()
            .expect("git");
        String::from_utf8_lossy(&head.stdout).trim().to_owned()
    }

    /// Lets git serve it, as it would over a network.
    fn serve(&self) -> Server {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let daemon = Command::new("git")
            .args([
                "daemon",
                "--export-all",
                "--reuseaddr",
                "--listen=127.0.0.1",
            ])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", self.folder().display()))
            .spawn()
            .expect("git daemon");
        let server = Server {
            url: format!("git://127.0.0.1:{port}/.git"),
            daemon,
        };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("git daemon does not answer");
    }

    fn url(&self) -> String {
        format!("file://{}", self.folder().display())
    }

    fn mirror(&self, cache: &Path) -> Mirror {
        Mirror::new(&self.url(), cache)
    }

    fn checkout(&self) -> Snapshot {
        checkout(self.folder()).expect("a checkout")
    }
}

fn checkout(folder: &Path) -> Result<Snapshot, SourceError> {
    worktree(folder)?.snapshot()
}

/// What a mirror has of these words.
fn find(mirror: &Mirror, words: &[&str]) -> Result<Mirrored, SourceError> {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    mirror.find(&Wanted::Named(&words), Reach::Online, &|_| {})
}

fn names(candidates: &[Candidate]) -> Vec<&str> {
    candidates.iter().map(|c| c.branch.as_str()).collect()
}

struct Server {
    url: String,
    daemon: std::process::Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // `git daemon` is a process of its own below `git`.
        let children = format!("pkill -P {}", self.daemon.id());
        let _ = Command::new("sh").args(["-c", &children]).status();
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// The newest state of the branches that match, through a mirror.
fn fetch(mirror: &Mirror, pattern: &str) -> Vec<Snapshot> {
    let found = find(mirror, &[pattern]).expect("reachable").candidates;
    let snapshot = |candidate: &Candidate| candidate.snapshot().expect("a snapshot");
    found.iter().map(snapshot).collect()
}

fn contents(snapshot: &Snapshot) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let reader = snapshot.reader().expect("readable");
    let read = |(path, entry)| {
        let path: &[u8] = path;
        (path.to_vec(), reader.read(path, entry).expect("readable"))
    };
    snapshot.manifest.iter().map(read).collect()
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

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
fn what_is_edited_after_the_snapshot_is_not_in_it() {
    let repository = Repository::new();
    repository.write("django/__init__.py", "EDITED = 1\n");
    repository.write("new.py", "NEW = 1\n");
    let snapshot = repository.checkout();
    repository.write("django/__init__.py", "EDITED = 2\n");
    repository.write("tests/runtests.py", "print(2)\n");
    fs::remove_file(repository.folder().join("new.py")).expect("removed");

    let files = contents(&snapshot);
    assert_eq!(files[&b"django/__init__.py".to_vec()], b"EDITED = 1\n");
    assert_eq!(files[&b"new.py".to_vec()], b"NEW = 1\n");
    assert_eq!(files[&b"tests/runtests.py".to_vec()], b"print()\n");
}

#[test]
fn a_file_is_tested_as_it_is_on_disk_whatever_git_makes_of_it() {
    let repository = Repository::new();
    repository.write(".gitattributes", "*.txt text\n");
    repository.write("converted.txt", "a\r\nb\r\n");
    repository.write("unwatched.py", "A = 1\n");
    repository.write("absent.py", "A = 1\n");
    repository.commit("Files");
    repository.git("update-index --assume-unchanged unwatched.py");
    repository.git("update-index --skip-worktree absent.py");
    repository.write("unwatched.py", "A = 2\n");
    fs::remove_file(repository.folder().join("absent.py")).expect("removed");
    repository.write("staged.py", "A = 1\n");
    repository.git("add staged.py");
    repository.write("staged.py", "A = 2\n");

    let files = contents(&repository.checkout());
    assert_eq!(files[&b"converted.txt".to_vec()], b"a\r\nb\r\n");
    assert_eq!(files[&b"unwatched.py".to_vec()], b"A = 2\n");
    assert_eq!(files[&b"staged.py".to_vec()], b"A = 2\n");
    assert!(!files.contains_key(b"absent.py".as_slice()));
}

#[test]
fn a_folder_replaced_by_a_link_is_a_link_and_nothing_else() {
    let repository = Repository::new();
    repository.write("folder/a.py", "A = 1\n");
    repository.write("other/a.py", "A = 2\n");
    repository.commit("Folders");
    fs::remove_dir_all(repository.folder().join("folder")).expect("removed");
    symlink("other", repository.folder().join("folder")).expect("a link");
    let files = contents(&repository.checkout());
    assert_eq!(files[&b"folder".to_vec()], b"other");
    assert!(!files.contains_key(b"folder/a.py".as_slice()));
}

#[test]
fn a_linked_worktree_is_a_checkout_like_any_other() {
    let repository = Repository::new();
    let elsewhere = temporary();
    let worktree = elsewhere.path().join("fix");
    repository.git(&format!("worktree add -q -b fix {}", worktree.display()));
    fs::write(worktree.join("new.py"), "NEW = 1\n").expect("a file");
    let snapshot = checkout(&worktree).expect("a checkout");
    assert_eq!(snapshot.revision.branch, "fix");
    assert_eq!(contents(&snapshot)[&b"new.py".to_vec()], b"NEW = 1\n");
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
fn the_branches_of_a_checkout_are_tested_as_committed() {
    let repository = Repository::new();
    repository.git("branch stable/6.1.x");
    repository.write("django/__init__.py", "EDITED = 1\n");
    let globs = ["main".to_owned(), "stable/*".to_owned()];
    let found = committed(repository.folder(), &Wanted::Named(&globs)).expect("branches");
    assert_eq!(names(&found), ["main", "stable/6.1.x"]);
    let committed =
        &contents(&found[0].snapshot().expect("a snapshot"))[&b"django/__init__.py".to_vec()];
    assert!(committed.starts_with(b"VERSION"), "{committed:?}");
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
fn a_folder_that_is_no_django_checkout_is_told_by_what_it_lacks() {
    let folder = temporary();
    let error = checkout(folder.path()).expect_err("an empty folder");
    assert!(error.to_string().contains(".git"), "{error}");
    let error = checkout(&folder.path().join("gone")).expect_err("no folder");
    assert!(error.to_string().contains("no such folder"), "{error}");
    let repository = Repository::new();
    let unpacked = temporary();
    for path in ["django/__init__.py", "tests/runtests.py"] {
        let copy = unpacked.path().join(path);
        fs::create_dir_all(copy.parent().expect("inside the tree")).expect("a folder");
        fs::copy(repository.folder().join(path), copy).expect("a copy");
    }
    let error = checkout(unpacked.path()).expect_err("no git");
    assert!(error.to_string().contains("git init"), "{error}");
    fs::remove_file(repository.folder().join("tests/runtests.py")).expect("removed");
    let error = checkout(repository.folder()).expect_err("half a Django");
    assert!(error.to_string().contains("tests/runtests.py"), "{error}");
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
    let mut repository = Repository::new();
    let cache = temporary();
    let mirror = repository.mirror(cache.path());
    let before = fetch(&mirror, "main").remove(0);
    let offline = |words: &[String]| mirror.find(&Wanted::Named(words), Reach::Offline, &|_| {});
    let main = ["main".to_owned()];
    assert!(offline(&main).expect("cached").stale.is_some());
    assert!(offline(&["other".to_owned()]).is_err());

    repository.0 = temporary();
    let found = find(&mirror, &["main"]).expect("cached");
    let (age, error) = found.stale.expect("not from the remote");
    assert!(age.as_secs() < 60, "{age:?}");
    assert!(!error.to_string().is_empty());
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
fn submodules_are_part_of_the_tree_wherever_it_comes_from() {
    let inner = Repository::new();
    inner.write("theme.css", "a {}\n");
    inner.commit("A theme");
    let repository = Repository::new();
    repository.git(&format!(
        "-c protocol.file.allow=always submodule add -q {} docs/theme",
        inner.url()
    ));
    repository.commit("A submodule");
    let on_disk = repository.checkout();
    let key = b"docs/theme/theme.css".to_vec();
    assert_eq!(contents(&on_disk)[&key], b"a {}\n");
    let main = ["main".to_owned()];
    let local = committed(repository.folder(), &Wanted::Named(&main)).expect("a branch");
    let local = local[0].snapshot().expect("a tree");
    assert_eq!(contents(&local)[&key], b"a {}\n");
    let cache = temporary();
    let mirrored = fetch(&repository.mirror(cache.path()), "main").remove(0);
    assert_eq!(mirrored.manifest, local.manifest);

    fs::write(repository.folder().join("docs/theme/theme.css"), "b {}\n").expect("a file");
    assert_eq!(contents(&repository.checkout())[&key], b"b {}\n");
}
