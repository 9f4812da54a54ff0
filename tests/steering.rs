//! A watcher that goes on, and what it is told meanwhile, through the real binary and an
//! engine that has no containers.

mod common;

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::engine::AGES;
use common::{User, shell};
use serde_json::Value;

/// A user whose folder has a repository that passes for Django, and an engine.
struct Farm {
    user: User,
    engine: PathBuf,
}

/// A watcher that goes on; it ends with the test.
struct Watcher {
    child: Child,
    log: PathBuf,
}

const FIRST: &str = "[[watch.scheduler]]\nname = \"first\"\nbranches = \"main\"\nsettle = \"0s\"\n\
                     collapse = \"never\"\n";
const SECOND: &str = "[[watch.scheduler]]\nname = \"second\"\nbranches = \"main\"\n\
                      settle = \"0s\"\n";

impl Farm {
    fn new() -> Self {
        let user = User::new();
        let folder = user.folder().display().to_string();
        shell(&format!(
            "git init -q -b main {folder}/repository && cd {folder}/repository && \
             mkdir django tests && echo 'VERSION = (7, 0, 0, \"alpha\", 0)' > django/__init__.py && \
             touch tests/runtests.py && git add -A && {GIT} commit -qm Django"
        ));
        let engine = AGES[3].listen(user.folder());
        let farm = Self { user, engine };
        farm.write(&farm.file(FIRST));
        // Nothing begins: there is nothing here to run it on.
        farm.user.run(&["pause"]).exits_with(0);
        farm
    }

    /// A file that watches the repository with these schedulers.
    fn file(&self, schedulers: &str) -> String {
        let folder = self.user.folder().display();
        format!(
            "pythons = \"3.14\"\ndatabases = [\"sqlite\"]\n[watch]\n\
             source = \"file://{folder}/repository\"\ninterval = \"1s\"\n{schedulers}\
             [[watch.notice]]\nname = \"team\"\n\
             command = [\"/bin/sh\", \"-c\", \"cat >> {folder}/told; echo >> {folder}/told\"]\n"
        )
    }

    fn write(&self, text: &str) {
        fs::write(self.user.folder().join("djbuild.toml"), text).expect("writable");
    }

    fn push(&self) -> String {
        let repository = self.user.folder().join("repository");
        let tip = shell(&format!(
            "cd {} && {GIT} commit -q --allow-empty -m more && git rev-parse HEAD",
            repository.display()
        ));
        tip.trim().to_owned()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.user.djbuild(words);
        command.env("DOCKER_HOST", format!("unix://{}", self.engine.display()));
        command
    }

    fn watch(&self, more: &[&str], variables: &[(&str, &str)]) -> Watcher {
        let log = self.user.folder().join("log");
        let file = fs::File::create(&log).expect("writable");
        let mut command = self.command(&[&["watch"], more].concat());
        command.envs(variables.iter().copied());
        let child = command.stderr(file).spawn().expect("djbuild starts");
        let watcher = Watcher { child, log };
        watcher.wait_for("watching file://");
        watcher
    }

    fn status(&self) -> Value {
        let shown = self.user.run(&["status", "--format", "json"]);
        serde_json::from_str(&shown.stdout).expect("JSON")
    }

    /// The commits that wait for a scheduler.
    fn waiting(&self, scheduler: &str) -> Vec<String> {
        let status = self.status();
        let rows = status["waiting"].as_array().expect("a list").iter();
        let rows = rows.filter(|row| row["scheduler"] == scheduler);
        rows.map(|row| row["revision"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

const GIT: &str = "git -c user.name=t -c user.email=t@example.org";

impl Watcher {
    fn said(&self) -> String {
        fs::read_to_string(&self.log).expect("readable")
    }

    #[track_caller]
    fn wait_for(&self, words: &str) {
        until(
            || self.said().contains(words),
            || format!("no {words:?} in\n{}", self.said()),
        );
    }

    fn signal(&self, signal: &str) {
        shell(&format!("kill -{signal} {}", self.child.id()));
    }

    /// Has it end, and says whether it did well.
    fn end(mut self) -> bool {
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
fn until(mut is_so: impl FnMut() -> bool, otherwise: impl Fn() -> String) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", otherwise());
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_hangup_has_the_file_read_again_and_a_broken_one_is_told_and_changes_nothing() {
    let farm = Farm::new();
    let watcher = farm.watch(&[], &[]);
    until(|| farm.waiting("first").len() == 1, || watcher.said());
    let both = farm.file(&format!("{FIRST}{SECOND}")).replace("1s", "2s");
    farm.write(&both);
    watcher.signal("HUP");
    watcher.wait_for("read again: scheduler second added, asked every 2s");
    until(|| farm.waiting("second").len() == 1, || watcher.said());

    farm.write(&both.replace("branches", "branchez"));
    watcher.signal("HUP");
    watcher.wait_for("djbuild.toml:8:1: unknown key branchez");
    let shown = farm.user.run(&["status"]);
    shown.exits_with(0);
    assert!(
        shown.stdout.contains("its file is wrong"),
        "{}",
        shown.stdout
    );
    watcher.signal("HUP");
    until(
        || watcher.said().matches("file is wrong").count() == 2,
        || watcher.said(),
    );
    let told = farm.user.folder().join("told");
    until(|| told.exists(), || "nobody was told".to_owned());
    farm.push();
    until(|| farm.waiting("first").len() == 2, || watcher.said());
    let notices = fs::read_to_string(&told).expect("told");
    assert_eq!(notices.lines().count(), 1, "{notices}");
    assert!(notices.contains("djbuild.toml:8:1"), "{notices}");

    fs::remove_file(farm.user.folder().join("djbuild.toml")).expect("there");
    watcher.signal("HUP");
    watcher.wait_for("no djbuild.toml with a [watch] table here any more");

    farm.write(&farm.file(FIRST));
    watcher.signal("HUP");
    watcher.wait_for("scheduler second removed");
    until(|| farm.waiting("second").is_empty(), || watcher.said());
    assert_eq!(farm.status()["wrong_file"], Value::Null);
    assert!(watcher.end(), "a hangup is no end");
}

#[test]
fn a_hundred_reloads_under_load_lose_no_commit() {
    let farm = Farm::new();
    let watcher = farm.watch(&[], &[]);
    // What a branch had before it was first seen is nobody's.
    until(|| farm.waiting("first").len() == 1, || watcher.said());
    let both = farm.file(&format!("{FIRST}{SECOND}"));
    let mut commits = 1;
    let mut tip = String::new();
    for reload in 0..100 {
        farm.write(&match reload % 4 {
            0 => farm.file(FIRST),
            1 => "[watch".to_owned(),
            _ => both.clone(),
        });
        watcher.signal("HUP");
        if reload % 5 == 0 {
            tip = farm.push();
            commits += 1;
        }
        sleep(Duration::from_millis(30));
    }
    farm.write(&both);
    watcher.signal("HUP");
    until(
        || farm.waiting("first").len() == commits && farm.waiting("second") == [tip.clone()],
        || format!("{commits} {:?}\n{}", farm.status(), watcher.said()),
    );
    assert!(watcher.end());
}

#[test]
fn systemd_hears_when_a_watcher_is_ready_alive_reloading_and_ending() {
    let farm = Farm::new();
    let socket = farm.user.folder().join("notify");
    let systemd = UnixDatagram::bind(&socket).expect("a socket");
    let timeout = Some(Duration::from_secs(20));
    systemd.set_read_timeout(timeout).expect("set");
    let hears = |words: &[&str]| {
        let mut buffer = [0; 4096];
        let mut heard = String::new();
        while !words.iter().all(|word| heard.contains(word)) {
            let length = systemd.recv(&mut buffer).expect("something");
            heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
        heard
    };
    let path = socket.display().to_string();
    let variables = [("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "1000")];
    let watcher = farm.watch(&[], &variables);
    let heard = hears(&["READY=1", "WATCHDOG=1"]);
    let (ready, alive) = (heard.find("READY=1"), heard.find("WATCHDOG=1"));
    assert!(ready < alive, "{heard}");
    watcher.signal("HUP");
    let heard = hears(&[
        "RELOADING=1",
        "MONOTONIC_USEC=",
        "READY=1",
        "STATUS=the file",
    ]);
    assert!(heard.find("RELOADING=1") < heard.find("READY=1"), "{heard}");
    watcher.signal("INT");
    hears(&["STOPPING=1"]);
}

#[test]
fn a_programs_log_is_an_object_a_line() {
    let farm = Farm::new();
    let watcher = farm.watch(&["--log", "json"], &[]);
    watcher.signal("HUP");
    watcher.wait_for("nothing has changed");
    let said = watcher.said();
    assert!(watcher.end());
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).expect(line);
        assert!(
            line["ts"].is_string() && line["level"].is_string(),
            "{line}"
        );
    }
}
