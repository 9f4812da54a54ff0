//! `djbuild matrix` through the real binary; it needs no container engine.

mod common;

use std::fs;

use common::{DJANGO, User, shell};

#[test]
fn what_would_run_is_shown_without_a_container_engine() {
    let user = User::new();
    let source = format!("pypi:Django=={DJANGO}");
    let output = user
        .djbuild(&[
            "matrix", "--matrix", "django", "--source", &source, "--python", "3.1[34]",
        ])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .output()
        .expect("djbuild starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(stdout.contains("postgresql15"), "{stdout}");
    assert!(stdout.contains("mariadb10.11"), "{stdout}");
    assert!(!stdout.contains("postgresql14"), "{stdout}");
    assert!(stdout.contains("cells to run, none left out"), "{stdout}");
}

#[test]
fn what_is_left_out_cites_the_line_of_the_checkout() {
    let user = User::new();
    let source = format!("pypi:Django=={DJANGO}");
    let ran = user.run(&[
        "matrix",
        "--source",
        &source,
        "--python",
        "3.9",
        "--database",
        "postgresql13",
    ]);
    ran.exits_with(0);
    assert!(
        ran.stdout
            .contains("supports Python 3.12 to 3.15 (pyproject.toml:"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_checkout_is_found_and_its_uncommitted_files_are_counted() {
    let user = User::new();
    let checkout = user.checkout();
    let ran = user.run_in(&checkout.join("tests/basic"), &["matrix"]);
    ran.exits_with(0);
    assert!(ran.stdout.starts_with("main at "), "{}", ran.stdout);
    assert!(ran.stdout.contains("uncommitted files"), "{}", ran.stdout);
}

#[test]
fn branches_come_from_a_git_url_by_glob_and_as_committed() {
    let user = User::new();
    let checkout = user.checkout();
    shell(&format!(
        "cd {} && git branch stable/6.1.x && git branch other",
        checkout.display()
    ));
    let url = format!("file://{}", checkout.display());
    let ran = user.run(&["matrix", "--source", &url, "--branch", "stable/*"]);
    ran.exits_with(0);
    assert!(ran.stdout.contains("stable/6.1.x at "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("other"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("uncommitted"), "{}", ran.stdout);

    let none = user.run(&["matrix", "--source", &url, "--branch", "nothing/*"]);
    none.exits_with(2);
    assert!(
        none.stderr.contains("no branch that matches nothing/*"),
        "{}",
        none.stderr
    );
}

#[test]
fn mistakes_are_told_with_their_place_and_exit_with_two() {
    let user = User::new();
    let source = format!("pypi:Django=={DJANGO}");
    let file = user.folder().join("mine.toml");
    fs::write(
        &file,
        "pythons = \"newest\"\ndatabases = [\"postgres17\"]\n",
    )
    .expect("a file");
    let cases: [(&[&str], &str); 6] = [
        (&["--matrix", "mine.toml"], "mine.toml:2:"),
        (&["--matrix", "absent"], "quick and django"),
        (&["--database", "postgres17"], "expected sqlite, postgresql"),
        (&["--python", "python3"], "expected 3.13"),
        (&["--source", "pypi:flask"], "only Django can be tested"),
        (&["--source", "."], "it has no .git"),
    ];
    for (words, message) in cases {
        let mut all = vec!["matrix"];
        all.extend(words);
        if !words.contains(&"--source") {
            all.extend(["--source", &source]);
        }
        let ran = user.run(&all);
        assert!(ran.stderr.contains(message), "{words:?}: {}", ran.stderr);
        ran.exits_with(2);
    }
}

#[test]
fn the_matrices_that_come_with_djbuild_are_listed() {
    let ran = User::new().run(&["matrix", "--list"]);
    ran.exits_with(0);
    assert!(ran.stdout.starts_with("quick "), "{}", ran.stdout);
}

#[test]
fn a_django_tree_without_git_is_not_passed_over_for_another_django() {
    let user = User::new();
    let tree = user.folder().join("plain");
    for file in ["django/__init__.py", "tests/runtests.py"] {
        let path = tree.join(file);
        fs::create_dir_all(path.parent().expect("inside the tree")).expect("a folder");
        fs::write(path, "").expect("a file");
    }
    let ran = user.run_in(&tree.join("tests"), &["matrix"]);
    ran.exits_with(2);
    assert!(ran.stderr.contains("git init"), "{}", ran.stderr);
}
