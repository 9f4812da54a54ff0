//! `djbuild user` and `djbuild token`, through the real binary.

mod common;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use common::{Ran, User};

const LOGIN: &str = "[watch]\nsource = \"https://example.org/django\"\n\
                     [watch.login]\nusers = \"users.txt\"\n";

fn with_login(login: &str) -> User {
    let user = User::new();
    std::fs::write(user.folder().join("djbuild.toml"), login).expect("writable");
    user
}

/// djbuild, which gets this on its standard input.
fn run_in(user: &User, folder: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut command = user.djbuild_in(folder, arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("djbuild starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may refuse before it reads.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("djbuild ends");
    Ran {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn run(user: &User, arguments: &[&str], input: &str) -> Ran {
    run_in(user, user.folder(), arguments, input)
}

#[test]
fn users_are_put_into_the_file_beside_the_matrix_file_wherever_one_stands() {
    let user = with_login(LOGIN);
    let below = user.folder().join("a/b");
    std::fs::create_dir_all(&below).expect("writable");
    let added = run_in(&user, &below, &["user", "add", "ann"], "correct horse\n");
    added.exits_with(0);
    let file = user.folder().join("users.txt");
    let text = std::fs::read_to_string(&file).expect("there");
    assert!(text.contains("ann:$argon2id$"), "{text}");
    assert!(!text.contains("horse"), "{text}");
    let mode = file.metadata().expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    run(&user, &["user", "add", "bob"], "battery staple").exits_with(0);
    let again = run(&user, &["user", "add", "ann"], "another password\n");
    assert!(
        again.stdout.contains("another password now"),
        "{}",
        again.stdout
    );
    assert_eq!(run(&user, &["user", "list"], "").stdout, "ann\nbob\n");
    run(&user, &["user", "remove", "ann"], "").exits_with(0);
    assert_eq!(run(&user, &["user", "list"], "").stdout, "bob\n");
    let gone = run(&user, &["user", "remove", "ann"], "");
    gone.exits_with(2);
    assert!(gone.stderr.contains("djbuild user list"), "{}", gone.stderr);
}

#[test]
fn what_cannot_be_a_name_or_a_password_is_refused_and_nothing_is_written() {
    let user = with_login(LOGIN);
    let long = "x".repeat(4097);
    for (name, password, words) in [
        ("ann", "short", "8 letters"),
        ("ann", "", "8 letters"),
        ("ann", "\nlong enough", "8 letters"),
        ("ann", long.as_str(), "4096 bytes"),
        ("a b", "correct horse", "is no name"),
        ("a:b", "correct horse", "is no name"),
    ] {
        let ran = run(&user, &["user", "add", name], password);
        ran.exits_with(2);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    assert!(!user.folder().join("users.txt").exists());
}

#[test]
fn where_no_file_is_named_it_says_how_to_name_one() {
    let user = User::new();
    let ran = run(&user, &["user", "list"], "");
    ran.exits_with(2);
    assert!(ran.stderr.contains("[watch.login]"), "{}", ran.stderr);
    let ran = run(
        &user,
        &["user", "add", "ann", "--file", "f"],
        "correct horse\n",
    );
    ran.exits_with(0);
    assert!(user.folder().join("f").exists());

    let django = LOGIN.replace("users = \"users.txt\"", "django = { secret = \"site\" }");
    let ran = run(&with_login(&django), &["user", "list"], "");
    ran.exits_with(2);
    assert!(ran.stderr.contains("djbuild.toml:3"), "{}", ran.stderr);
}

#[test]
fn a_token_is_shown_once_and_what_is_kept_is_no_token() {
    let user = User::new();
    let made = run(&user, &["token", "add", "ci", "--may", "steer"], "");
    made.exits_with(0);
    let token = made.stdout.trim();
    assert!(token.starts_with("djbuild_"), "{token}");
    assert_eq!(token.len(), "djbuild_".len() + 43);
    run(&user, &["token", "add", "wall"], "").exits_with(0);
    run(&user, &["token", "add", "ci"], "").exits_with(2);
    let listed = run(&user, &["token", "list"], "").stdout;
    assert!(listed.contains("ci  steer  made"), "{listed}");
    assert!(listed.contains("wall  read  made"), "{listed}");
    assert!(!listed.contains(token), "{listed}");
    let secret = token.trim_start_matches("djbuild_").as_bytes();
    for entry in std::fs::read_dir(user.folder().join("state")).expect("there") {
        let path = entry.expect("readable").path();
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let found = bytes.windows(secret.len()).any(|part| part == secret);
        assert!(!found, "{}", path.display());
    }
    run(&user, &["token", "remove", "ci"], "").exits_with(0);
    run(&user, &["token", "remove", "ci"], "").exits_with(2);
}

#[test]
fn check_says_whether_the_login_works() {
    let user = User::new();
    let repository = user.folder().join("repository");
    common::shell(&format!(
        "git init -q -b main {0} && cd {0} && git -c user.name=t -c user.email=t@example.org \
         commit -q --allow-empty -m Django",
        repository.display()
    ));
    let watch = format!("[watch]\nsource = \"file://{}\"\n", repository.display());
    let write = |login: &str| {
        let text = format!("{watch}[watch.login]\n{login}\n");
        std::fs::write(user.folder().join("djbuild.toml"), text).expect("writable");
    };
    write("users = \"users.txt\"");
    let missing = run(&user, &["watch", "--check"], "");
    missing.exits_with(2);
    assert!(
        missing.stdout.contains("djbuild.toml:3: login: "),
        "{}",
        missing.stdout
    );
    run(&user, &["user", "add", "ann"], "correct horse").exits_with(0);
    let there = run(&user, &["watch", "--check"], "");
    there.exits_with(0);
    assert!(
        there.stdout.contains("login: 1 user may steer"),
        "{}",
        there.stdout
    );

    write("django = { secret = \"site\" }");
    let mut command = user.djbuild(&["watch", "--check"]);
    command.env(
        "DJBUILD_SECRET_SITE",
        "postgresql://reader:HIDDEN@127.0.0.1:1/site",
    );
    let output = command.output().expect("djbuild starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("PostgreSQL at 127.0.0.1:1, site: "), "{text}");
    assert!(!text.contains("HIDDEN"), "{text}");
}
