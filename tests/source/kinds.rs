//! Checkouts of the kinds that git has learned since libgit2 last looked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use djbuild::source::{Tree, Wanted, committed, worktree};

use crate::repository::{Repository, checkout, contents, fetch, find, temporary};

/// A clone of a repository that serves filters, made with these arguments.
fn clone(repository: &Repository, folder: &Path, arguments: &[&str]) -> PathBuf {
    repository.git("config uploadpack.allowFilter true");
    repository.git("config uploadpack.allowAnySHA1InWant true");
    let clone = folder.join("clone");
    let done = Command::new("git")
        .args(["clone", "--quiet"])
        .args(arguments)
        .arg(repository.url())
        .arg(&clone)
        .status()
        .expect("git");
    assert!(done.success());
    clone
}

fn git(folder: &Path, words: &str) {
    let done = Command::new("sh")
        .args(["-euc", &format!("git {words}")])
        .current_dir(folder)
        .status()
        .expect("sh");
    assert!(done.success(), "git {words}");
}

/// What a whole clone with the same files has.
fn with_docs() -> Repository {
    let repository = Repository::new();
    repository.write("docs/index.txt", "Docs\n");
    repository.write("docs/ref/settings.txt", "Settings\n");
    repository.write("docs/gone.txt", "Gone\n");
    repository.commit("Docs");
    repository.git("checkout -q -b stable/6.1.x");
    repository.write("docs/index.txt", "Stable docs\n");
    repository.write("docs/only.txt", "Only here\n");
    repository.commit("Stable");
    repository.git("checkout -q main");
    repository
}

#[test]
fn what_a_blobless_clone_lacks_is_fetched_for_the_branch_that_is_tested() {
    let repository = with_docs();
    let folder = temporary();
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let clone = clone(&repository, folder.path(), &[filter]);
        git(&clone, "branch -q stable/6.1.x origin/stable/6.1.x");
        let words = ["stable/6.1.x".to_owned()];
        let found = committed(&clone, &Wanted::Named(&words)).expect("a branch");
        let read = found[0].read("docs/only.txt").expect("fetched");
        assert_eq!(read.as_deref(), Some(b"Only here\n".as_slice()));
        let files = contents(&found[0].snapshot().expect("a tree"));
        assert_eq!(files[&b"docs/index.txt".to_vec()], b"Stable docs\n");

        let here = checkout(&clone).expect("a working tree");
        assert_eq!(here.manifest, repository.checkout().manifest);
        assert_eq!(here.revision.modified, 0);
        git(&clone, "fsck --no-dangling");
        fs::remove_dir_all(&clone).expect("removed");
    }
}

#[test]
fn the_remote_of_a_partial_clone_that_is_away_is_told_of() {
    let mut repository = with_docs();
    let folder = temporary();
    let clone = clone(&repository, folder.path(), &["--filter=blob:none"]);
    git(&clone, "branch -q stable/6.1.x origin/stable/6.1.x");
    repository.0 = temporary();
    let words = ["stable/6.1.x".to_owned()];
    let found = committed(&clone, &Wanted::Named(&words)).expect("a branch");
    let error = found[0].snapshot().expect_err("no remote");
    assert!(error.to_string().contains("git repository"), "{error}");
}

#[test]
fn files_that_a_sparse_checkout_leaves_out_belong_to_the_tree() {
    let repository = with_docs();
    for filter in ["--no-local", "--filter=blob:none"] {
        let folder = temporary();
        let clone = clone(&repository, folder.path(), &["--sparse", filter]);
        git(
            &clone,
            "sparse-checkout set --cone --sparse-index django tests",
        );
        assert!(!clone.join("docs").exists());
        fs::write(clone.join("django/new.py"), "NEW = 1\n").expect("a file");
        let snapshot = checkout(&clone).expect("a working tree");
        let files = contents(&snapshot);
        assert_eq!(files[&b"docs/ref/settings.txt".to_vec()], b"Settings\n");
        assert_eq!(files[&b"django/new.py".to_vec()], b"NEW = 1\n");
        assert_eq!(snapshot.revision.modified, 1);
    }
}

#[test]
fn a_split_index_is_read_like_any_other() {
    let repository = with_docs();
    repository.git("update-index --split-index");
    repository.write("staged.py", "A = 1\n");
    repository.git("add staged.py");
    repository.write("docs/index.txt", "Edited\n");
    let snapshot = repository.checkout();
    let files = contents(&snapshot);
    assert_eq!(files[&b"staged.py".to_vec()], b"A = 1\n");
    assert_eq!(files[&b"docs/index.txt".to_vec()], b"Edited\n");
    assert_eq!(files[&b"docs/ref/settings.txt".to_vec()], b"Settings\n");
    assert_eq!(snapshot.revision.modified, 2);
}

#[test]
fn refs_in_a_table_are_refs() {
    let repository = with_docs();
    let folder = temporary();
    let clone = clone(&repository, folder.path(), &["--ref-format=reftable"]);
    let here = checkout(&clone).expect("a working tree");
    assert_eq!(here.revision.branch, "main");
    assert_eq!(here.revision.commit.as_deref(), Some(&*repository.head()));
    let words = ["origin/stable/6.1.x".to_owned()];
    let found = committed(&clone, &Wanted::Named(&words)).expect("a branch");
    assert!(found[0].read("docs/only.txt").expect("readable").is_some());
    let cache = temporary();
    let url = format!("file://{}", clone.display());
    let mirror = djbuild::source::Mirror::new(&url, cache.path());
    assert_eq!(fetch(&mirror, "main").remove(0).manifest, here.manifest);
}

#[test]
fn a_shallow_clone_can_be_a_source() {
    let repository = with_docs();
    let folder = temporary();
    let clone = clone(&repository, folder.path(), &["--depth=1"]);
    let cache = temporary();
    let url = format!("file://{}", clone.display());
    let mirror = djbuild::source::Mirror::new(&url, cache.path());
    let found = fetch(&mirror, "main").remove(0);
    assert_eq!(found.manifest, repository.checkout().manifest);
}

#[test]
fn a_repository_of_other_objects_is_named_as_that() {
    let folder = temporary();
    git(folder.path(), "init -q -b main --object-format=sha256");
    for path in ["django/__init__.py", "tests/runtests.py"] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("inside")).expect("a folder");
        fs::write(path, "").expect("a file");
    }
    git(folder.path(), "add .");
    git(
        folder.path(),
        "-c user.name=t -c user.email=t@example.org commit -qm Django",
    );
    let error = worktree(folder.path()).expect_err("SHA-256");
    assert!(error.to_string().contains("SHA-256"), "{error}");
    let cache = temporary();
    let url = format!("file://{}", folder.path().display());
    let mirror = djbuild::source::Mirror::new(&url, cache.path());
    let error = find(&mirror, &["main"]).expect_err("SHA-256");
    assert!(error.to_string().contains("SHA-256"), "{error}");
}

#[test]
fn what_is_modified_is_counted_against_the_commit() {
    let repository = with_docs();
    repository.write("docs/index.txt", "Edited\n");
    repository.write("new.txt", "New\n");
    repository.write("staged.txt", "Staged\n");
    repository.git("add staged.txt");
    repository.git("rm -q --cached docs/ref/settings.txt");
    fs::remove_file(repository.folder().join("docs/gone.txt")).expect("removed");
    // Touched, and as it was.
    repository.write("tests/runtests.py", "print()\n");
    let snapshot = repository.checkout();
    assert_eq!(snapshot.revision.modified, 5);
    assert!(snapshot.manifest.get(b"docs/ref/settings.txt").is_some());
    assert!(snapshot.manifest.get(b"docs/gone.txt").is_none());
}
