//! `djbuild init` through the real binary.

mod common;

use std::fs;

use common::{DJANGO, User};

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
