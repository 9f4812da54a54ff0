//! `djbuild init` through the real binary.

mod common;

use std::fs;
use std::path::Path;

use common::{DJANGO, User, shell};

#[test]
fn what_is_written_in_a_checkout_is_what_it_says() {
    let user = User::new();
    let checkout = user.checkout();
    let ran = user.run_in(&checkout, &["init"]);
    ran.exits_with(0);
    assert!(
        ran.stdout.contains("a Django checkout, main"),
        "{}",
        ran.stdout
    );
    let text = fs::read_to_string(checkout.join("djbuild.toml")).expect("it was written");
    assert!(text.contains("supports Python 3.12"), "{text}");

    let checked = user.run_in(&checkout.join("tests"), &["matrix", "--check"]);
    checked.exits_with(0);
    assert!(
        checked.stdout.contains("2 expectations held"),
        "{}",
        checked.stdout
    );
    let listed = user.run_in(&checkout.join("tests"), &["matrix", "--list"]);
    assert!(listed.stdout.contains("djbuild.toml"), "{}", listed.stdout);
}

#[test]
fn outside_of_a_checkout_it_is_about_releases() {
    let user = User::new();
    user.run(&["init", "mine.toml"]).exits_with(0);
    let source = format!("pypi:Django=={DJANGO}");
    let checked = user.run(&["matrix", "--check", "-m", "mine.toml", "-s", &source]);
    checked.exits_with(0);
    assert!(checked.stdout.contains("4 cells"), "{}", checked.stdout);
}

#[test]
fn a_file_that_is_there_is_written_over_only_by_force() {
    let user = User::new();
    let file = user.folder().join("djbuild.toml");
    fs::write(&file, "mine").expect("a file");
    let ran = user.run(&["init"]);
    ran.exits_with(2);
    assert!(ran.stderr.contains("--force"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&file).expect("still there"), "mine");
    let device = user.run(&["init", "--force", "/dev/full"]);
    device.exits_with(2);
    assert!(device.stderr.contains("no plain file"), "{}", device.stderr);
    user.run(&["init", "--force"]).exits_with(0);
    assert_ne!(fs::read_to_string(&file).expect("there"), "mine");
}

#[test]
fn one_that_watches_says_where_the_checkout_comes_from_and_what_to_do_next() {
    let user = User::new();
    let checkout = user.folder().join("checkout");
    for file in ["tests/runtests.py", "django/__init__.py"] {
        let file = checkout.join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, "").expect("written");
    }
    shell(&format!("git init -q -b main {}", checkout.display()));
    user.run_in(&checkout, &["init", "--watch"]).exits_with(0);
    let watched = |checkout: &Path| {
        let text = fs::read_to_string(checkout.join("djbuild.toml")).expect("it was written");
        let source = text.lines().find(|line| line.starts_with("source = "));
        source.expect("a source").to_owned()
    };
    let django = "source = \"https://github.com/django/django\"";
    assert_eq!(watched(&checkout), django);

    for (remote, source) in [
        ("https://me:secret@example.org/d", "https://example.org/d"),
        ("git@example.org:d.git", "git@example.org:d.git"),
        ("../elsewhere", "https://github.com/django/django"),
    ] {
        shell(&format!(
            "git -C {} config remote.origin.url {remote}",
            checkout.display()
        ));
        let ran = user.run_in(&checkout, &["init", "--watch", "--force"]);
        ran.exits_with(0);
        assert_eq!(watched(&checkout), format!("source = \"{source}\""));
        assert!(ran.stdout.contains(source), "{}", ran.stdout);
        for step in ["watch --check", "watch --once", "djbuild watch  "] {
            assert!(ran.stdout.contains(step), "{}", ran.stdout);
        }
    }
}
