//! `djbuild doctor` and `djbuild images` through the real binary, on a real
//! engine.

mod common;

use common::registry::listen;
use common::{DATABASE, DJANGO, PYTHON, User};

#[test]
fn a_machine_that_runs_djbuild_is_well_or_has_something_to_look_at() {
    let ran = User::new().run(&["doctor"]);
    ran.exits_with(0);
    for what in [
        "engine",
        "resources",
        "storage",
        "limits",
        "networks",
        "clock",
        "leftovers",
        "certificates",
    ] {
        let line = ran
            .stdout
            .lines()
            .find(|line| line[5..].trim_start().starts_with(what));
        assert!(line.is_some(), "{what}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("MEND"), "{}", ran.stdout);
}

#[test]
fn without_an_engine_it_says_what_was_tried_and_fails() {
    let output = User::new()
        .djbuild(&["doctor"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .output()
        .expect("djbuild starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{stdout}");
    assert!(stdout.contains("MEND  engine"), "{stdout}");
    assert!(stdout.contains("/nowhere/docker.sock"), "{stdout}");
}

#[test]
fn a_registry_that_does_not_give_its_images_is_something_to_look_at() {
    for (status, body, told) in [
        (
            429,
            r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slowly"}]}"#,
            "slowly",
        ),
        (500, "it failed", "500"),
        (
            401,
            r#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#,
            "who are you",
        ),
    ] {
        let registry = listen(move |_| (status, "", body));
        let ran = User::new().run(&["doctor", "--registry", &format!("{registry}/")]);
        let mut lines = ran.stdout.lines().filter(|line| line.contains("registry"));
        let line = lines.next().expect("a line about it");
        assert!(!line.starts_with("ok"), "{line}");
        assert!(line.contains(&registry) && line.contains(told), "{line}");
    }
}

#[test]
fn images_are_made_once_and_listed_with_why_they_are_there() {
    let user = User::new();
    let source = format!("pypi:Django=={DJANGO}");
    let build = [
        "images", "build", "-s", &source, "-p", PYTHON, "-d", DATABASE,
    ];
    user.run(&build).exits_with(0);
    let again = user.run(&build);
    again.exits_with(0);
    assert!(
        again.stdout.contains("for 1 cell, 0 made now"),
        "{}",
        again.stdout
    );
    assert!(user.left().is_empty(), "{:?}", user.left());

    let listed = user.run(&["images", "list"]);
    listed.exits_with(0);
    for part in [DATABASE, "server", "compiled", "own size", "prune"] {
        assert!(listed.stdout.contains(part), "{part}: {}", listed.stdout);
    }
    let kept = user.run(&["images", "prune", "--unused-for", "3650d"]);
    kept.exits_with(0);
    assert!(kept.stdout.contains("nothing to remove"), "{}", kept.stdout);
    let all = user.run(&["images", "prune", "--all", "--dry-run"]);
    all.exits_with(0);
    assert!(all.stdout.contains("would free"), "{}", all.stdout);
    user.run(&build).exits_with(0);
}
