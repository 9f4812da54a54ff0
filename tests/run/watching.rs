//! `djbuild watch` on a repository of real Django, and a real engine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{PYTHON, User, shell};

/// A repository of real Django, a folder that watches it, and where notices go.
fn farm(user: &User) -> (PathBuf, PathBuf, PathBuf) {
    let repository = user.checkout();
    let folder = user.folder().join("farm");
    let notices = folder.join("notices");
    fs::create_dir(&folder).expect("writable");
    let text = format!(
        "pythons = \"{PYTHON}\"\ndatabases = \"sqlite\"\n\
         [watch]\nsource = \"file://{}\"\ninterval = \"1s\"\n\
         [[watch.scheduler]]\nname = \"branches\"\nbranches = \"main\"\nsettle = \"0s\"\n\
         labels = [\"djbuild_awkward.watched\"]\n\
         [[watch.notice]]\nname = \"team\"\n\
         command = [\"/bin/sh\", \"-c\", \"cat >> {1}; echo >> {1}\"]\n",
        repository.display(),
        notices.display()
    );
    fs::write(folder.join("djbuild.toml"), text).expect("writable");
    (repository, folder, notices)
}

/// A commit with a test module that has this in its only test.
fn push(repository: &Path, body: &str) {
    let module = format!(
        "import time\nfrom django.test import SimpleTestCase\n\n\n\
         class Tests(SimpleTestCase):\n    def test_it(self):\n        {body}\n"
    );
    let path = repository.join("tests/djbuild_awkward/watched.py");
    fs::write(path, module).expect("writable");
    let git = "git -c user.name=Ann -c user.email=a@example.org -c core.excludesFile=/dev/null";
    shell(&format!(
        "cd {} && {git} add -Af . && {git} commit -qm 'Refs #7 -- {}'",
        repository.display(),
        body.replace(['"', '\''], "")
    ));
}

fn history(user: &User) -> Vec<Value> {
    let listed = user.run(&["history", "--format", "json"]);
    serde_json::from_str(&listed.stdout).expect("JSON")
}

fn status(user: &User, folder: &Path) -> Value {
    let shown = user.run_in(folder, &["status", "--format", "json"]);
    serde_json::from_str(&shown.stdout).expect("JSON")
}

/// Waits until a run of the watcher's goes on that is another than this one.
fn running(user: &User, folder: &Path, other: &Value) -> Value {
    let begun = Instant::now();
    loop {
        let run = status(user, folder)["running"][0]["run"].clone();
        if run.is_string() && run != *other {
            return run;
        }
        assert!(begun.elapsed() < Duration::from_secs(300), "nothing runs");
        sleep(Duration::from_millis(200));
    }
}

fn watch(user: &User, folder: &Path) -> Child {
    let mut command = user.djbuild_in(folder, &["watch"]);
    command.stderr(Stdio::null()).stdout(Stdio::null());
    command.spawn().expect("djbuild starts")
}

#[test]
fn each_commit_is_tested_once_its_turns_are_told_and_a_killed_watcher_loses_nothing() {
    let user = User::new();
    let (repository, folder, notices) = farm(&user);
    push(&repository, "pass");
    user.run_in(&folder, &["watch", "--once"]).exits_with(0);
    user.run_in(&folder, &["watch", "--once"]).exits_with(0);
    let runs = history(&user);
    assert_eq!(runs.len(), 1, "the second had nothing to do");
    let head = shell(&format!("git -C {} rev-parse HEAD", repository.display()));
    assert_eq!(runs[0]["branch"], "main");
    assert_eq!(runs[0]["revision"], head.trim());
    assert_eq!(runs[0]["scheduler"], "branches");
    assert_eq!(runs[0]["cause"], "a commit");
    assert!(!notices.exists(), "green at first is no news");

    push(&repository, "self.fail(\"red\")");
    user.run_in(&folder, &["watch", "--once"]).exits_with(1);
    let told = fs::read_to_string(&notices).expect("told");
    let news: Value = serde_json::from_str(told.lines().next().expect("a notice")).expect("JSON");
    assert_eq!(
        news["red"][0]["cell"],
        format!("main-python{PYTHON}-sqlite")
    );
    assert_eq!(news["commits"][0]["author"], "Ann");
    assert!(
        status(&user, &folder)["branches"][0]["red_since"].is_number(),
        "{:?}",
        status(&user, &folder)
    );

    push(&repository, "time.sleep(8)");
    let mut killed = watch(&user, &folder);
    let first = running(&user, &folder, &Value::Null);
    killed.kill().expect("it goes on");
    killed.wait().expect("started");
    let mut second = watch(&user, &folder);
    running(&user, &folder, &first);
    shell(&format!("kill -INT {}", second.id()));
    assert!(second.wait().expect("started").success());
    let told = fs::read_to_string(&notices).expect("told");
    assert!(told.contains("fixed: main-python"), "{told}");
    let words: Vec<String> = history(&user)
        .iter()
        .map(|run| run["outcome"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(words, ["passed", "interrupted", "failed", "passed"]);
    assert_eq!(user.left(), Vec::<String>::new());
}

#[test]
fn what_is_tried_goes_first_and_says_nothing_and_a_cell_is_stopped_alone() {
    let user = User::new();
    let (repository, folder, notices) = farm(&user);
    push(&repository, "pass");
    user.run_in(&folder, &["watch", "--once"]).exits_with(0);
    let mut watcher = watch(&user, &folder);
    let begun = Instant::now();
    while user.run(&["reload"]).status != Some(0) {
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody listens");
        sleep(Duration::from_millis(200));
    }
    let cell = format!("main-python{PYTHON}-sqlite");

    // Not committed, and red.
    let module = repository.join("tests/djbuild_awkward/watched.py");
    let green = fs::read_to_string(&module).expect("there");
    fs::write(&module, green.replace("pass", "self.fail(\"tried\")")).expect("writable");
    let tried = user.run_in(&repository, &["try", "djbuild_awkward.watched"]);
    tried.exits_with(1);
    assert!(tried.stderr.contains(&cell), "{}", tried.stderr);
    assert!(
        tried.stdout.contains(": failed; djbuild show "),
        "{}",
        tried.stdout
    );
    fs::write(&module, &green).expect("writable");
    assert!(status(&user, &folder)["branches"][0]["red_since"].is_null());
    assert!(!notices.exists(), "nobody was told");
    assert_eq!(history(&user)[0]["scheduler"], "try");

    push(&repository, "time.sleep(300)");
    running(&user, &folder, &Value::Null);
    let begun = Instant::now();
    while user.run_in(&folder, &["stop", &cell]).status != Some(0) {
        assert!(begun.elapsed() < Duration::from_secs(60), "no cell runs");
        sleep(Duration::from_millis(200));
    }
    while status(&user, &folder)["running"] != Value::Array(Vec::new()) {
        assert!(begun.elapsed() < Duration::from_secs(120), "it goes on");
        sleep(Duration::from_millis(200));
    }
    assert_eq!(history(&user)[0]["outcome"], "cancelled");
    shell(&format!("kill -INT {}", watcher.id()));
    assert!(watcher.wait().expect("started").success());
    assert!(!notices.exists(), "a cell that was stopped is no news");
}

#[test]
fn of_commits_that_came_in_together_the_one_that_broke_a_cell_is_found_and_told() {
    let user = User::new();
    let (repository, folder, notices) = farm(&user);
    push(&repository, "pass");
    user.run_in(&folder, &["watch", "--once"]).exits_with(0);
    for body in ["len('a')", "self.fail(1)", "self.fail(2)", "self.fail(3)"] {
        push(&repository, body);
    }
    let mut watcher = watch(&user, &folder);
    let begun = Instant::now();
    let found = loop {
        let status = status(&user, &folder);
        if status["hunts"][0]["state"] == "found" {
            break status["hunts"][0].clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(400), "{status}");
        sleep(Duration::from_millis(500));
    };
    assert_eq!(found["culprit"]["subject"], "Refs #7 -- self.fail(1)");
    assert_eq!(found["word"], "it fails, and its parent passes");
    let shown = user.run_in(&folder, &["status"]).stdout;
    assert!(shown.contains("Refs #7 -- self.fail(1)"), "{shown}");
    while !fs::read_to_string(&notices).is_ok_and(|told| told.contains("\"culprit\":{")) {
        assert!(begun.elapsed() < Duration::from_secs(420), "it is not told");
        sleep(Duration::from_millis(200));
    }
    shell(&format!("kill -INT {}", watcher.id()));
    assert!(watcher.wait().expect("started").success());
    let of: Vec<String> = history(&user)
        .iter()
        .map(|run| run["scheduler"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(of, ["bisect", "bisect", "branches", "branches"]);
    let standing = status(&user, &folder)["branches"][0].clone();
    assert_eq!(standing["red"][0], format!("main-python{PYTHON}-sqlite"));
    assert_eq!(user.left(), Vec::<String>::new());
}
