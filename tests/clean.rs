//! `djbuild clean` on a real container engine.

mod common;

use common::{User, shell};

/// The folder of a run whose process is gone: nobody holds its lock.
fn leave_a_dead_run(user: &User) {
    let folder = user.folder().join("state/runs/gone");
    std::fs::create_dir_all(&folder).expect("writable");
    std::fs::write(folder.join("lock"), "").expect("writable");
}

#[test]
fn a_dry_run_names_what_would_go_and_removes_nothing() {
    let user = User::new();
    user.run(&["clean"]).exits_with(0);
    leave_a_dead_run(&user);
    let owner = std::fs::read_to_string(user.folder().join("state/owner")).expect("an owner");
    let name = format!("djbuild-test-{owner}");
    shell(&format!(
        "docker network create --internal --label djbuild.run=gone --label djbuild.owner={owner} {name}"
    ));
    let dry = user.run(&["clean", "--dry-run"]);
    dry.exits_with(0);
    assert!(
        dry.stdout.contains(&format!("would remove network {name}")),
        "{}",
        dry.stdout
    );
    assert_eq!(user.left(), std::slice::from_ref(&name));

    let wet = user.run(&["clean"]);
    wet.exits_with(0);
    assert!(
        wet.stdout.contains(&format!("removing network {name}")),
        "{}",
        wet.stdout
    );
    assert_eq!(user.left(), Vec::<String>::new());
}

#[test]
fn things_of_other_users_and_unlabelled_ones_are_left_alone() {
    let user = User::new();
    let stranger = User::new();
    stranger.run(&["clean"]).exits_with(0);
    leave_a_dead_run(&stranger);
    let owner = std::fs::read_to_string(stranger.folder().join("state/owner")).expect("an owner");
    let name = format!("djbuild-test-{owner}");
    shell(&format!(
        "docker network create --internal --label djbuild.run=gone --label djbuild.owner={owner} {name}"
    ));
    let clean = user.run(&["clean"]);
    clean.exits_with(0);
    assert!(
        clean.stdout.contains("of other users of this engine"),
        "{}",
        clean.stdout
    );
    assert_eq!(stranger.left(), [name]);
    stranger.run(&["clean"]).exits_with(0);
    assert_eq!(stranger.left(), Vec::<String>::new());
}

#[test]
fn without_an_engine_the_error_says_what_was_tried_and_what_to_do() {
    let user = User::new();
    let output = user
        .djbuild(&["clean"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .output()
        .expect("djbuild starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(
        stderr.contains("unix:///nowhere/docker.sock (DOCKER_HOST)"),
        "{stderr}"
    );
    assert!(stderr.contains("set DOCKER_HOST"), "{stderr}");
}
