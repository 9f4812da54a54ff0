//! Where Django comes from, through the real binary; `djbuild matrix` shows it.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{User, shell};

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
    assert!(!ran.stdout.contains("on disk"), "{}", ran.stdout);

    let words = ["matrix", "-s", &url, "-b", "main", "--branch", "nothing/*"];
    let none = user.run(&words);
    none.exits_with(2);
    assert!(
        none.stderr.contains("no branch that matches nothing/*"),
        "{}",
        none.stderr
    );
}

#[test]
fn a_checkout_and_its_branches_stand_beside_each_other() {
    let user = User::new();
    let checkout = user.checkout();
    shell(&format!(
        "cd {} && git tag v1 && git branch stable/6.1.x",
        checkout.display()
    ));
    let names = |words: &[&str]| {
        let mut all = vec!["matrix", "--format", "list", "-d", "sqlite"];
        all.extend(words);
        let ran = user.run_in(&checkout, &all);
        ran.exits_with(0);
        ran.stdout.replace("-python3.15-sqlite\n", " ")
    };
    assert_eq!(names(&["-b", "main", "--worktree"]), "main main@worktree ");
    assert_eq!(names(&["-b", "stable/*", "-b", "v1"]), "stable/6.1.x v1 ");
    assert_eq!(names(&["-s", ".", "-s", "../django"]), "main main@django ");
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

/// A server of git repositories that wants a name and a password.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn of(folder: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/git_http.py");
        let mut process = Command::new("python3")
            .arg(script)
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let stdout = process.stdout.take().expect("piped above");
        let mut port = String::new();
        BufReader::new(stdout).read_line(&mut port).expect("a port");
        let url = format!("http://127.0.0.1:{}/django/.git", port.trim());
        Self { process, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_remote_gets_the_password_that_gits_own_helper_knows() {
    let user = User::new();
    let checkout = user.checkout();
    let server = Server::of(checkout.parent().expect("a folder"));
    let home: PathBuf = user.folder().join("home");
    fs::create_dir(&home).expect("a new folder");
    fs::write(home.join(".gitconfig"), "[credential]\nhelper = store\n").expect("a file");
    let list = || {
        let words = [
            "matrix", "--format", "list", "-d", "sqlite", "-b", "main", "-s",
        ];
        let words = [&words[..], &[&server.url]].concat();
        let output = user.djbuild(&words).env("HOME", &home).output();
        output.expect("djbuild starts")
    };
    let refused = list();
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("credential helper"), "{stderr}");
    let password = server.url.replace("http://", "http://me:secret@");
    let password = password.trim_end_matches("/django/.git");
    fs::write(home.join(".git-credentials"), format!("{password}\n")).expect("a file");
    let stdout = String::from_utf8_lossy(&list().stdout).into_owned();
    assert_eq!(stdout, "main-python3.15-sqlite\n");
}
