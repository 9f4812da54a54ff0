use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::engine::AGES;
use crate::common::{User, shell};

/// A user whose folder has a repository that passes for Django, and an engine.
pub struct Farm {
    pub user: User,
    pub engine: PathBuf,
}

/// A watcher that goes on; it ends with the test.
pub struct Watcher {
    pub child: Child,
    pub log: PathBuf,
}

pub const FIRST: &str = "[[watch.scheduler]]\nname = \"first\"\nbranches = \"main\"\nsettle = \"0s\"\n\
                     collapse = \"never\"\n";
pub const SECOND: &str = "[[watch.scheduler]]\nname = \"second\"\nbranches = \"main\"\n\
                      settle = \"0s\"\n";

impl Farm {
    pub fn new() -> Self {
        let user = User::new();
        let repository = user.folder().join("repository");
        for (path, text) in DJANGO {
            let path = repository.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            fs::write(path, text).expect("writable");
        }
        shell(&format!(
            "cd {} && git init -q -b main && git add -A && {GIT} commit -qm Django",
            repository.display()
        ));
        let engine = AGES[3].listen(user.folder());
        let farm = Self { user, engine };
        farm.write(&farm.file(FIRST));
        // Nothing begins: there is nothing here to run it on.
        farm.user.run(&["pause"]).exits_with(0);
        farm
    }

    /// A file that watches the repository with these schedulers.
    pub fn file(&self, schedulers: &str) -> String {
        let folder = self.user.folder().display();
        format!(
            "pythons = \"3.14\"\ndatabases = [\"sqlite\"]\n[watch]\n\
             source = \"file://{folder}/repository\"\ninterval = \"1s\"\n{schedulers}\
             [[watch.notice]]\nname = \"team\"\n\
             command = [\"/bin/sh\", \"-c\", \"cat >> {folder}/told; echo >> {folder}/told\"]\n"
        )
    }

    pub fn write(&self, text: &str) {
        fs::write(self.user.folder().join("djbuild.toml"), text).expect("writable");
    }

    pub fn push(&self) -> String {
        let repository = self.user.folder().join("repository");
        let tip = shell(&format!(
            "cd {} && {GIT} commit -q --allow-empty -m more && git rev-parse HEAD",
            repository.display()
        ));
        tip.trim().to_owned()
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.user.djbuild(words);
        command.env("DOCKER_HOST", format!("unix://{}", self.engine.display()));
        command
    }

    pub fn watch(&self, more: &[&str], variables: &[(&str, &str)]) -> Watcher {
        let log = self.user.folder().join("log");
        let file = fs::File::create(&log).expect("writable");
        let mut command = self.command(&[&["watch"], more].concat());
        command.envs(variables.iter().copied());
        let child = command.stderr(file).spawn().expect("djbuild starts");
        let watcher = Watcher { child, log };
        watcher.wait_for("watching file://");
        watcher
    }

    /// What the console says to these lines, and its exit status.
    pub fn console(&self, lines: &str) -> (Option<i32>, String, String) {
        let mut command = self.command(&["console"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut console = command.spawn().expect("djbuild starts");
        let mut stdin = console.stdin.take().expect("piped above");
        stdin.write_all(lines.as_bytes()).expect("it reads");
        drop(stdin);
        let output = console.wait_with_output().expect("started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }

    pub fn socket(&self) -> PathBuf {
        self.user.folder().join("state/control/socket")
    }

    /// Somebody who speaks to the watcher, and was greeted.
    pub fn guest(&self) -> BufReader<UnixStream> {
        let stream = UnixStream::connect(self.socket()).expect("somebody listens");
        let timeout = Some(Duration::from_secs(30));
        stream.set_read_timeout(timeout).expect("set");
        let mut guest = BufReader::new(stream);
        let mut greeting = String::new();
        guest.read_line(&mut greeting).expect("greeted");
        assert!(greeting.contains("\"protocol\":1"), "{greeting}");
        guest
    }

    pub fn status(&self) -> Value {
        let shown = self.user.run(&["status", "--format", "json"]);
        serde_json::from_str(&shown.stdout).expect("JSON")
    }

    /// The commits that wait for a scheduler.
    pub fn waiting(&self, scheduler: &str) -> Vec<String> {
        let status = self.status();
        let rows = status["waiting"].as_array().expect("a list").iter();
        let rows = rows.filter(|row| row["scheduler"] == scheduler);
        rows.map(|row| row["revision"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

/// As little as passes for Django.
pub const DJANGO: [(&str, &str); 7] = [
    (
        "pyproject.toml",
        "requires-python = \">= 3.12\"\n\"Programming Language :: Python :: 3.14\",\n",
    ),
    ("django/__init__.py", "VERSION = (7, 0, 0, \"alpha\", 0)\n"),
    ("tests/runtests.py", ""),
    (
        "django/db/backends/sqlite3/features.py",
        "class A:\n    minimum_database_version = (3, 31)\n",
    ),
    (
        "django/db/backends/postgresql/features.py",
        "class A:\n    minimum_database_version = (14,)\n",
    ),
    (
        "django/db/backends/oracle/features.py",
        "class A:\n    minimum_database_version = (19,)\n",
    ),
    (
        "django/db/backends/mysql/features.py",
        "class A:\n    def minimum_database_version(self):\n        \
         if self.connection.mysql_is_mariadb:\n            return (10, 6)\n        \
         else:\n            return (8, 0, 11)\n",
    ),
];

pub const GIT: &str = "git -c user.name=t -c user.email=t@example.org";

impl Watcher {
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).expect("readable")
    }

    #[track_caller]
    pub fn wait_for(&self, words: &str) {
        until(
            || self.said().contains(words),
            || format!("no {words:?} in\n{}", self.said()),
        );
    }

    pub fn signal(&self, signal: &str) {
        shell(&format!("kill -{signal} {}", self.child.id()));
    }

    /// Has it end, and says whether it did well.
    pub fn end(mut self) -> bool {
        self.signal("INT");
        self.child.wait().expect("started").success()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
pub fn until(mut is_so: impl FnMut() -> bool, otherwise: impl Fn() -> String) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", otherwise());
        sleep(Duration::from_millis(50));
    }
}
