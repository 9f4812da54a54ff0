//! Checkouts, on real git repositories.

use std::fs;
use std::os::unix::fs::symlink;

use djbuild::source::{Wanted, committed};

use crate::repository::{Repository, checkout, contents, fetch, names, temporary};

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

#[test]
fn a_detached_head_is_called_by_its_commit() {
    let repository = Repository::new();
    repository.git("checkout -q --detach");
    let head = repository.head();
    assert_eq!(repository.checkout().revision.branch, head[..10]);
}

#[test]
fn a_folder_inside_of_a_checkout_leads_to_it_by_whatever_way() {
    let repository = Repository::new();
    let elsewhere = temporary();
    let link = elsewhere.path().join("link");
    symlink(repository.folder().join("tests"), &link).expect("a link");
    for folder in [repository.folder().join("tests"), link] {
        let snapshot = checkout(&folder).expect("a checkout");
        assert_eq!(snapshot.manifest, repository.checkout().manifest);
    }
}
