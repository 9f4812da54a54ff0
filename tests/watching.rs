//! `djbuild watch` and what steers it, through the real binary and without an engine.

mod common;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use common::{User, shell};
use serde_json::Value;

/// A repository that passes for Django, and a file that watches it.
fn farm(user: &User, more: &str) -> PathBuf {
    let folder = user.folder().display().to_string();
    shell(&format!(
        "git init -q -b main {folder}/repository && cd {folder}/repository && \
         mkdir django tests && echo 'VERSION = (7, 0, 0, \"alpha\", 0)' > django/__init__.py && \
         touch tests/runtests.py && git add -A && \
         git -c user.name=t -c user.email=t@example.org commit -qm Django"
    ));
    let text = format!(
        "pythons = \"3.14\"\ndatabases = [\"sqlite\"]\n[watch]\n\
         source = \"file://{folder}/repository\"\n{more}"
    );
    let file = user.folder().join("djbuild.toml");
    fs::write(&file, text).expect("writable");
    file
}

const BRANCHES: &str = "[[watch.scheduler]]\nname = \"branches\"\nbranches = \"main\"\n\
                        files = [\"!docs/**\"]\n";

#[test]
fn check_says_what_would_happen_and_when_next_and_does_nothing() {
    let user = User::new();
    let nightly = "[[watch.scheduler]]\nname = \"nightly\"\nbranches = \"*\"\n\
                   cron = \"0 3 * * *\"\nzone = \"Europe/Berlin\"\n";
    let expect = "[[expect]]\ntouches = \"docs/index.txt\"\nbranch = \"main\"\nrequests = []\n";
    farm(&user, &format!("{BRANCHES}{nightly}{expect}"));
    let ran = user.run(&["watch", "--check"]);
    ran.exits_with(0);
    for words in [
        "branches: when commits have settled for 10s, of main",
        "nightly: next at ",
        "1 expected of commits, as it is",
    ] {
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
    let status = user.run(&["status", "--format", "json"]);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(status["waiting"], Value::Array(Vec::new()));
}

#[test]
fn check_says_where_the_page_will_be_and_that_its_secret_is_there() {
    let user = User::new();
    farm(
        &user,
        "[watch.page]\nurl = \"https://ci.example.org/django\"\n",
    );
    let ran = user.run(&["watch", "--check"]);
    ran.exits_with(0);
    let place = "how it stands: https://ci.example.org/django";
    assert!(ran.stdout.contains(place), "{}", ran.stdout);

    let user = User::new();
    farm(&user, "[watch.page]\nhook = { secret = \"push\" }\n");
    let ran = user.run(&["watch", "--check"]);
    ran.exits_with(2);
    for words in ["http://127.0.0.1:8010/", "hook: ", "push"] {
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
}

#[test]
fn check_tells_all_that_is_wrong_with_its_lines() {
    let user = User::new();
    let idle = "[[watch.scheduler]]\nname = \"idle\"\nbranches = \"no-such-branch\"\n";
    let expect = "[[expect]]\ntouches = \"docs/index.txt\"\nrequests = \"branches\"\n";
    let notice = "[[watch.notice]]\nname = \"team\"\nwebhook = { secret = \"slack\" }\n";
    farm(&user, &format!("{BRANCHES}{idle}{notice}{expect}"));
    let ran = user.run(&["watch", "--check", "--send-test"]);
    ran.exits_with(2);
    for words in [
        "djbuild.toml:9: scheduler idle: no branch of file://",
        "a commit that touches docs/index.txt requests idle, not branches",
        "DJBUILD_SECRET_SLACK",
    ] {
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
    let file = user.folder().join("djbuild.toml");
    let text = fs::read_to_string(&file).expect("there");
    fs::write(
        &file,
        text.replace("branches = \"main\"", "branch = \"main\""),
    )
    .expect("writable");
    let ran = user.run(&["watch", "--check"]);
    ran.exits_with(2);
    assert!(
        ran.stderr.contains("did you mean branches?"),
        "{}",
        ran.stderr
    );
}

#[test]
fn check_tries_the_words_of_each_notice_on_news_of_every_kind() {
    let user = User::new();
    let notice = "[[watch.notice]]\nname = \"team\"\ncommand = [\"true\"]\ntemplate = \"\"\"\n\
                  {{ headline }}\n{{ red[0].cell }}\n\"\"\"\n";
    farm(&user, &format!("{BRANCHES}{notice}"));
    let ran = user.run(&["watch", "--check"]);
    ran.exits_with(2);
    // There is no such cell in a trouble.
    assert!(
        ran.stdout
            .contains("djbuild.toml:14: template: undefined value"),
        "{}",
        ran.stdout
    );
    let file = user.folder().join("djbuild.toml");
    let text = fs::read_to_string(&file).expect("there");
    let text = text.replace(
        "{{ red[0].cell }}",
        "{% for cell in red %}{{ cell.cell }}{% endfor %}",
    );
    fs::write(&file, text).expect("writable");
    user.run(&["watch", "--check"]).exits_with(0);
}

#[test]
fn what_is_typed_stands_in_place_of_the_file_and_what_is_configured_for_runs_does_not() {
    let user = User::new();
    farm(&user, BRANCHES);
    let typed = user.run(&[
        "watch",
        "--check",
        "-b",
        "main",
        "-s",
        "file:///no/such/place",
    ]);
    typed.exits_with(2);
    assert!(typed.stdout.contains("/no/such/place"), "{}", typed.stdout);
    let folder = user.run(&["watch", "--check", "-s", "."]);
    folder.exits_with(2);
    assert!(folder.stderr.contains("file:///path"), "{}", folder.stderr);
    let mut configured = user.djbuild(&["watch", "--check"]);
    configured.env("DJBUILD_SOURCE", "file:///no/such/place");
    configured.env("DJBUILD_BRANCH", "other");
    let configured = configured.output().expect("djbuild starts");
    assert_eq!(configured.status.code(), Some(0), "{configured:?}");
}

#[test]
fn a_starter_is_accepted_as_it_is_written() {
    let user = User::new();
    user.run(&["init", "--watch"]).exits_with(0);
    let file = user.folder().join("djbuild.toml");
    let text = fs::read_to_string(&file).expect("written");
    farm(&user, "");
    let source = format!("file://{}/repository", user.folder().display());
    let line = text.lines().find(|line| line.starts_with("source = "));
    let text = text.replace(line.expect("a source"), &format!("source = \"{source}\""));
    fs::write(&file, text).expect("writable");
    let ran = user.run(&["watch", "--check"]);
    ran.exits_with(0);
    assert!(ran.stdout.contains("expected of commits"), "{}", ran.stdout);
}

#[test]
fn a_second_watcher_says_who_the_first_is_and_does_nothing() {
    let user = User::new();
    farm(&user, BRANCHES);
    user.run(&["status"]).exits_with(0);
    let lock = user.folder().join("state/watch.lock");
    let mut held = fs::File::create(&lock).expect("writable");
    held.lock().expect("free");
    held.write_all(b"process 42 on farm since 2026-11-25\n")
        .expect("writable");
    for words in [["watch", "--once"].as_slice(), &["watch"]] {
        let ran = user.run(words);
        ran.exits_with(4);
        assert!(
            ran.stderr.contains("process 42 on farm since"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn what_is_asked_of_a_watcher_is_refused_where_it_makes_no_sense() {
    let user = User::new();
    let nowhere = user.run(&["pause"]);
    nowhere.exits_with(2);
    assert!(nowhere.stderr.contains("[watch]"), "{}", nowhere.stderr);
    farm(&user, BRANCHES);
    for (words, said) in [
        (
            ["force", "--branch", "main", "--reason", "x"].as_slice(),
            "`djbuild watch` has to look first",
        ),
        (
            &["force", "--branch", "other", "--reason", "x"],
            "no scheduler watches it",
        ),
        (
            &[
                "force",
                "--reason",
                "x",
                "--cell",
                "other-python3.14-sqlite",
            ],
            "a cell of other, not of main",
        ),
        (&["pause", "branchez"], "no branch"),
        (&["cancel", "7"], "there is no request 7"),
        (&["stop", "2026"], "`djbuild status` shows them"),
        (&["resend", "7"], "there is no notice 7"),
    ] {
        let ran = user.run(words);
        ran.exits_with(2);
        assert!(ran.stderr.contains(said), "{words:?}: {}", ran.stderr);
    }
}

#[test]
fn what_is_paused_is_shown_until_it_is_resumed() {
    let user = User::new();
    farm(&user, BRANCHES);
    user.run(&["pause", "branches"]).exits_with(0);
    user.run(&["pause"]).exits_with(0);
    let status = user.run(&["status"]).stdout;
    assert!(status.contains("nobody watches"), "{status}");
    assert!(
        status.contains("Paused: everything, scheduler branches"),
        "{status}"
    );
    user.run(&["resume", "branches"]).exits_with(0);
    user.run(&["resume"]).exits_with(0);
    let again = user.run(&["resume"]);
    assert!(again.stdout.contains("was not paused"), "{}", again.stdout);
    let status = user.run(&["status"]).stdout;
    assert!(!status.contains("Paused"), "{status}");
}
