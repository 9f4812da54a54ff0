//! Patches on its queue.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use crate::common::shell;
use crate::farm::{Farm, GIT, until};

/// A checkout of what is watched.
fn checkout(farm: &Farm) -> PathBuf {
    let folder = farm.user.folder().join("checkout");
    shell(&format!(
        "git clone -q {}/repository {}",
        farm.user.folder().display(),
        folder.display()
    ));
    folder
}

/// The commit of a request, and what it changes of its parent.
fn tried(farm: &Farm, request: usize) -> (String, String) {
    let status = farm.status();
    let rows = status["waiting"].as_array().expect("a list");
    let row = rows.iter().find(|row| row["request"] == request);
    let revision = row.expect("it waits")["revision"]
        .as_str()
        .expect("a commit");
    let git = format!(
        "git -C {}/state/git/*.watched",
        farm.user.folder().display()
    );
    let parent = shell(&format!("{git} rev-parse {revision}^"));
    let changes = shell(&format!("{git} diff --name-status {revision}^ {revision}"));
    (parent.trim().to_owned(), changes)
}

#[test]
fn what_is_in_a_checkout_is_tried_on_the_commit_that_the_watcher_has_too() {
    let farm = Farm::new();
    let watcher = farm.watch(&[], &[]);
    until(|| farm.waiting("first").len() == 1, || watcher.said());
    let base = farm.waiting("first")[0].clone();
    let folder = checkout(&farm);
    let tip = farm.push();
    until(|| farm.waiting("first").contains(&tip), || watcher.said());
    shell(&format!(
        "cd {} && echo committed > one && git add one && {GIT} commit -qm mine && \
         echo 'VERSION = (7, 1, 0, \"alpha\", 0)' > django/__init__.py && \
         head -c 3000 /dev/urandom > two.bin && echo ignored > three && \
         echo three > .git/info/exclude",
        folder.display()
    ));
    let before = shell(&format!("git -C {} status --porcelain", folder.display()));
    let mut following = farm.user.djbuild_in(&folder, &["try", "--reason", "mine"]);
    let mut following = following
        .stderr(Stdio::piped())
        .spawn()
        .expect("djbuild starts");
    let mut told = BufReader::new(following.stderr.take().expect("piped above"));
    let mut line = String::new();
    told.read_line(&mut line).expect("something");
    assert!(
        line.contains("request 3 is on the watcher's queue"),
        "{line}"
    );
    let (parent, changes) = tried(&farm, 3);
    assert_eq!(parent, base, "the last commit that both have");
    assert_eq!(changes, "M\tdjango/__init__.py\nA\tone\nA\ttwo.bin\n");
    let after = shell(&format!("git -C {} status --porcelain", folder.display()));
    assert_eq!(after, before, "the user's own index is as it was");

    while !line.contains("waits: everything is paused") {
        line.clear();
        assert!(told.read_line(&mut line).expect("readable") > 0);
    }
    shell(&format!("kill -INT {}", following.id()));
    line.clear();
    told.read_line(&mut line).expect("something");
    assert!(line.contains("goes on, and `djbuild status`"), "{line}");
    assert_eq!(following.wait().expect("started").code(), Some(130));
    assert_eq!(farm.waiting("try").len(), 1, "it was left alone");

    let mut ended = farm.user.djbuild_in(&folder, &["try"]);
    let mut ended = ended
        .stderr(Stdio::piped())
        .spawn()
        .expect("djbuild starts");
    let mut told = BufReader::new(ended.stderr.take().expect("piped above"));
    for words in ["waits: everything is paused", "Ctrl-C once more ends it"] {
        while !line.contains(words) {
            line.clear();
            assert!(told.read_line(&mut line).expect("readable") > 0);
        }
        shell(&format!("kill -INT {}", ended.id()));
    }
    assert_eq!(ended.wait().expect("started").code(), Some(130));
    until(|| farm.waiting("try").len() == 1, || watcher.said());
    assert!(watcher.end());
}

#[test]
fn a_try_that_cannot_be_is_refused_before_it_is_queued() {
    let farm = Farm::new();
    let watcher = farm.watch(&[], &[]);
    until(|| farm.waiting("first").len() == 1, || watcher.said());
    let folder = checkout(&farm);
    let refused = |words: &[&str], said: &str| {
        let ran = farm.user.run_in(&folder, &[&["try"], words].concat());
        ran.exits_with(2);
        assert!(ran.stderr.contains(said), "{words:?}: {}", ran.stderr);
    };
    refused(&[], "nothing to try");
    let bad = "--- a/django/__init__.py\n+++ b/django/__init__.py\n@@ -1 +1 @@\n-x\n+y\n";
    fs::write(folder.join("bad.patch"), bad).expect("writable");
    refused(&["bad.patch"], "the patch does not apply to main at ");
    fs::write(folder.join("prose.diff"), "no patch\n").expect("writable");
    refused(&["prose.diff"], "the patch does not apply to main at ");
    let outside = "--- /dev/null\n+++ b/../../evil\n@@ -0,0 +1 @@\n+y\n";
    fs::write(folder.join("evil.patch"), outside).expect("writable");
    refused(&["evil.patch"], "the patch does not apply");
    fs::write(folder.join("huge.patch"), vec![b'x'; 3 << 20]).expect("writable");
    refused(&["--patch-limit", "2", "huge.patch"], "2.1 MB at most");
    refused(
        &["--branch", "mian"],
        "no branch mian is watched; did you mean main?",
    );
    refused(&["--cell", "main-python3.14-nosuch"], "nosuch");
    refused(&["--cell", "main-python2.7-sqlite"], "2.7");
    refused(&["--scheduler", "none"], "there is none of this name");
    refused(&["no_such_label"], "no_such_label");
    assert!(farm.waiting("try").is_empty());
    assert!(watcher.end());
}

#[test]
fn a_patch_is_queued_for_the_next_watcher_where_none_goes_on() {
    let farm = Farm::new();
    let watcher = farm.watch(&[], &[]);
    until(|| farm.waiting("first").len() == 1, || watcher.said());
    assert!(watcher.end());
    let patch = "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+y\n";
    fs::write(farm.user.folder().join("p.patch"), patch).expect("writable");
    let ran = farm.user.run(&["try", "p.patch"]);
    ran.exits_with(0);
    assert!(
        ran.stdout.contains("request 2 waits: nobody watches"),
        "{}",
        ran.stdout
    );
    assert_eq!(tried(&farm, 2).1, "A\tnew\n");
    let next = farm.watch(&[], &[]);
    sleep(Duration::from_secs(2));
    assert_eq!(farm.waiting("try").len(), 1, "a new watcher takes it up");
    assert!(next.end());
}
