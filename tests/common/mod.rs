//! A user in a folder, with djbuild's real binary and a real container engine.
#![allow(dead_code, reason = "each test file uses some of it")]

pub mod engine;
pub mod proxy;
pub mod registry;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The release the tests are run on: pinned, so that a new one breaks nothing.
pub const DJANGO: &str = "6.1.3";
/// The Python and the database: such as Debian has, where no registry answers.
pub const PYTHON: &str = "3.14";
pub const DATABASE: &str = "postgresql17";

/// A user with a state of their own; the cache is shared, for it is a cache.
pub struct User {
    home: tempfile::TempDir,
}

/// What a command came to.
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl User {
    pub fn new() -> Self {
        Self {
            home: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn folder(&self) -> &Path {
        self.home.path()
    }

    /// djbuild in this user's folder.
    pub fn djbuild(&self, arguments: &[&str]) -> Command {
        self.djbuild_in(self.folder(), arguments)
    }

    pub fn djbuild_in(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_djbuild"));
        command
            .args(arguments)
            .current_dir(folder)
            .env("DJBUILD_STATE_DIR", self.folder().join("state"))
            .env("DJBUILD_CACHE_DIR", cache())
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.djbuild(arguments).output().expect("djbuild starts"))
    }

    pub fn run_in(&self, folder: &Path, arguments: &[&str]) -> Ran {
        Ran::of(
            &self
                .djbuild_in(folder, arguments)
                .output()
                .expect("djbuild starts"),
        )
    }

    /// A git checkout of Django with the awkward test app in it, not committed.
    pub fn checkout(&self) -> PathBuf {
        let release = release();
        let checkout = self.folder().join("django");
        shell(&format!(
            "mkdir {0} && git -C {1} archive refs/djbuild/django-{DJANGO} | tar -x -C {0}",
            checkout.display(),
            release.display()
        ));
        let git = "git -c user.name=t -c user.email=t@example.org -c core.excludesFile=/dev/null";
        shell(&format!(
            "cd {} && git init -q -b main && {git} add -f . && {git} commit -qm Django",
            checkout.display()
        ));
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/awkward");
        shell(&format!(
            "cp -r {} {}/tests/djbuild_awkward",
            fixture.display(),
            checkout.display()
        ));
        checkout
    }

    /// The containers and networks of this user that are on the engine.
    pub fn left(&self) -> Vec<String> {
        let Ok(owner) = fs::read_to_string(self.folder().join("state/owner")) else {
            return Vec::new();
        };
        let filter = format!("--filter label=djbuild.owner={}", owner.trim());
        let listed = shell(&format!(
            "docker ps -a {filter} --format '{{{{.Names}}}}'; docker network ls {filter} --format '{{{{.Name}}}}'"
        ));
        listed.lines().map(ToOwned::to_owned).collect()
    }
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The events of a run with `--format json`.
    pub fn events(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).expect("one JSON object per line");
        self.stdout.lines().map(parse).collect()
    }

    /// The events of one kind.
    pub fn events_of(&self, kind: &str) -> Vec<Value> {
        let mut events = self.events();
        events.retain(|event| event["event"] == kind);
        events
    }

    #[track_caller]
    pub fn exits_with(&self, status: i32) -> &Self {
        assert_eq!(
            self.status,
            Some(status),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// Where releases are kept, between test runs too.
pub fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// The repository with the release, downloaded by djbuild itself the first time.
pub fn release() -> PathBuf {
    let source = format!("pypi:Django=={DJANGO}");
    User::new()
        .run(&["matrix", "--source", &source])
        .exits_with(0);
    cache().join("releases.git")
}

/// A run that goes on, whose events can be waited for.
pub struct Going {
    pub child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    pub seen: Vec<Value>,
}

impl Going {
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("djbuild starts");
        let stdout = child.stdout.take().expect("piped above");
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
            seen: Vec::new(),
        }
    }

    /// Waits for an event of this kind.
    #[track_caller]
    pub fn wait_for(&mut self, kind: &str) -> Value {
        for line in self.lines.by_ref() {
            let event: Value = serde_json::from_str(&line.expect("readable")).expect("JSON");
            self.seen.push(event.clone());
            if event["event"] == kind {
                return event;
            }
        }
        panic!("the run ended without {kind}: {:#?}", self.seen);
    }

    pub fn signal(&self, signal: &str) {
        shell(&format!("kill -{signal} {}", self.child.id()));
    }

    /// Waits for the end, and returns the exit status.
    pub fn end(mut self) -> (Option<i32>, Vec<Value>) {
        for line in self.lines.by_ref() {
            let line = line.expect("readable");
            self.seen.extend(serde_json::from_str::<Value>(&line));
        }
        let status = self.child.wait().expect("it was started");
        (status.code(), self.seen)
    }
}

#[track_caller]
pub fn shell(script: &str) -> String {
    let output = Command::new("sh")
        .args(["-euc", script])
        .output()
        .expect("sh");
    assert!(
        output.status.success(),
        "{script}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
