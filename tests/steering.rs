//! A watcher that goes on, and what it is told meanwhile, through the real binary and an
//! engine that has no containers.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
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

    /// What the console says to these lines, and its exit status.
    fn console(&self, lines: &str) -> (Option<i32>, String, String) {
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

    fn socket(&self) -> PathBuf {
        self.user.folder().join("state/control/socket")
    }

    /// Somebody who speaks to the watcher, and was greeted.
    fn guest(&self) -> BufReader<UnixStream> {
        let stream = UnixStream::connect(self.socket()).expect("somebody listens");
        let timeout = Some(Duration::from_secs(30));
        stream.set_read_timeout(timeout).expect("set");
        let mut guest = BufReader::new(stream);
        let mut greeting = String::new();
        guest.read_line(&mut greeting).expect("greeted");
        assert!(greeting.contains("\"protocol\":1"), "{greeting}");
        guest
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

/// As little as passes for Django.
const DJANGO: [(&str, &str); 7] = [
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

#[test]
fn a_watcher_listens_to_its_owner_alone_and_in_place_of_one_who_was_killed() {
    let farm = Farm::new();
    let mut killed = farm.watch(&[], &[]);
    until(|| farm.socket().exists(), || killed.said());
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&farm.socket()), 0o600);
    assert_eq!(mode(farm.socket().parent().expect("a folder")), 0o700);
    killed.child.kill().expect("it goes on");
    killed.child.wait().expect("started");
    assert!(farm.socket().exists(), "nobody took it away");
    // Nobody listens: it is as if there were no socket.
    farm.user.run(&["pause", "first"]).exits_with(0);
    let next = farm.watch(&[], &[]);
    until(
        || farm.user.run(&["reload"]).status == Some(0),
        || next.said(),
    );
    assert!(next.end());
}

#[test]
fn what_steers_a_watcher_works_from_anywhere_where_it_goes_on() {
    let farm = Farm::new();
    let watcher = farm.watch(&[], &[]);
    until(|| farm.waiting("first").len() == 1, || watcher.said());
    // Where no file is.
    let run = |words: &[&str]| farm.user.run_in(Path::new("/"), words);
    let paused = run(&["pause", "first"]);
    paused.exits_with(0);
    assert!(
        paused.stdout.contains("first is paused"),
        "{}",
        paused.stdout
    );
    let refused = run(&["pause", "firts"]);
    refused.exits_with(2);
    assert!(
        refused.stderr.contains("no branch firts"),
        "{}",
        refused.stderr
    );
    let forced = run(&["force", "--reason", "from afar"]);
    forced.exits_with(0);
    assert!(run(&["status"]).stdout.contains("from afar"));
    run(&["cancel", "2"]).exits_with(0);
    let cell = run(&["stop", "main-python3.14-sqlite"]);
    cell.exits_with(2);
    assert!(
        cell.stderr
            .contains("no cell main-python3.14-sqlite goes on")
    );
    let broken = farm.file(FIRST).replace("branches", "branchez");
    farm.write(&broken);
    let wrong = run(&["reload"]);
    wrong.exits_with(2);
    assert!(
        wrong.stderr.contains("djbuild.toml:8:1"),
        "{}",
        wrong.stderr
    );
    farm.write(&farm.file(SECOND));
    let right = run(&["reload"]);
    right.exits_with(0);
    assert!(
        right.stdout.contains("scheduler second added"),
        "{}",
        right.stdout
    );
    assert!(watcher.end());
    let nobody = farm.user.run(&["reload"]);
    nobody.exits_with(2);
    assert!(
        nobody.stderr.contains("nobody watches"),
        "{}",
        nobody.stderr
    );
}

#[test]
fn a_console_does_a_line_each_and_says_at_the_end_whether_one_failed() {
    let farm = Farm::new();
    let watcher = farm.watch(&[], &[]);
    until(|| farm.waiting("first").len() == 1, || watcher.said());
    let (status, said, _) = farm.console(
        "# what there is\nqueue\nrunning\ncells\nschedulers\nhelp\n\n\
         force --reason 'a look\u{1b}[2J'\nqueue\nlog debug\nreload\nquit\nnever\n",
    );
    assert_eq!(status, Some(0), "{said}");
    for words in [
        "everything is paused",
        "nothing runs",
        "no run like that goes on",
        "no clock sets anything off",
        "Leave the console",
        "request 2",
        "a look\\x1b[2J",
        "debug and what matters more is written",
        "nothing has changed",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("djbuild>"), "no prompt: {said}");
    watcher.wait_for("0 new commits");
    let (status, said, wrong) = farm.console("pausee\ncancel 99\nlog loud\npause main\n");
    assert_eq!(status, Some(1));
    assert!(
        said.contains("main is paused"),
        "one that fails ends nothing"
    );
    for words in [
        "pausee",
        "there is no request 99",
        "error, warn, info, debug",
    ] {
        assert!(wrong.contains(words), "{words} in {wrong}");
    }
    assert!(watcher.end());
}

#[test]
fn a_watcher_that_hangs_is_shown_and_steered_as_one_that_does_not_listen() {
    let farm = Farm::new();
    let watcher = farm.watch(&[], &[]);
    until(|| farm.waiting("first").len() == 1, || watcher.said());
    watcher.signal("STOP");
    let begun = Instant::now();
    assert_eq!(farm.waiting("first").len(), 1);
    farm.user.run(&["cancel", "1"]).exits_with(0);
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "nobody waits for it"
    );
    watcher.signal("CONT");
    until(|| farm.waiting("first").is_empty(), || watcher.said());
    assert!(watcher.end());
}

#[test]
fn who_listens_hears_what_happens() {
    let farm = Farm::new();
    let watcher = farm.watch(&[], &[]);
    until(|| farm.socket().exists(), || watcher.said());
    let mut guest = farm.guest();
    writeln!(guest.get_mut(), "{{\"ask\":\"events\"}}").expect("it reads");
    sleep(Duration::from_millis(200));
    farm.user.run(&["reload"]).exits_with(0);
    let mut heard = String::new();
    while !heard.contains("read again") {
        heard.clear();
        assert!(guest.read_line(&mut heard).expect("something") > 0);
    }
    let event: Value = serde_json::from_str(&heard).expect("JSON");
    assert_eq!(event["level"], "info");
    writeln!(guest.get_mut(), "{{\"ask\":\"status\"}}").expect("it reads");
    while !heard.contains("\"answer\"") {
        heard.clear();
        assert!(guest.read_line(&mut heard).expect("something") > 0);
    }
    assert!(heard.contains("\"waiting\""), "{heard}");
    assert!(watcher.end());
}

#[test]
fn whoever_speaks_to_a_watcher_cannot_bring_it_down() {
    let farm = Farm::new();
    let watcher = farm.watch(&[], &[]);
    until(|| farm.socket().exists(), || watcher.said());
    let mut strange = farm.guest();
    for garbage in [
        "",
        "{",
        "\u{0}\u{1b}",
        "[1,2]",
        "{\"ask\":\"order\"}",
        "null",
    ] {
        writeln!(strange.get_mut(), "{garbage}").expect("it reads");
        let mut answer = String::new();
        strange.read_line(&mut answer).expect("an answer");
        assert!(answer.contains("\"refused\""), "{garbage}: {answer}");
    }
    strange
        .get_mut()
        .write_all(&[0xff, 0xfe, b'\n'])
        .expect("it reads");
    let mut answer = String::new();
    strange.read_line(&mut answer).expect("an answer");
    assert!(answer.contains("refused"), "{answer}");

    let mut half = farm.guest();
    half.get_mut().write_all(b"{\"ask\":").expect("it reads");
    drop(half);

    let mut huge = farm.guest();
    // It hangs up somewhere in the middle.
    let _ = huge.get_mut().write_all(&vec![b'x'; 1 << 20]);
    let mut answer = String::new();
    let _ = huge.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.contains("64 KiB"), "{answer}");

    let mut deaf = farm.guest();
    let asks = "{\"ask\":\"status\"}\n".repeat(20_000);
    let writing = deaf.get_ref().try_clone().expect("a descriptor");
    let timeout = Some(Duration::from_secs(1));
    writing.set_write_timeout(timeout).expect("set");
    let _ = deaf.get_mut().write_all(asks.as_bytes());

    let guests: Vec<_> = (0..100).map(|_| farm.guest()).collect();
    for mut guest in guests.iter().map(BufReader::get_ref) {
        writeln!(guest, "{{\"ask\":\"events\"}}").expect("it reads");
    }
    farm.user.run(&["reload"]).exits_with(0);
    farm.user.run(&["status"]).exits_with(0);
    let tip = farm.push();
    until(|| farm.waiting("first").contains(&tip), || watcher.said());
    drop(guests);
    assert!(watcher.end(), "and it ends while one hangs on");
}

#[test]
fn a_state_folder_may_have_a_longer_path_than_a_socket() {
    let farm = Farm::new();
    let long = farm.user.folder().join("d".repeat(120)).join("state");
    let path = long.display().to_string();
    let run = |words: &[&str]| {
        let mut command = farm.command(words);
        command.env("DJBUILD_STATE_DIR", &path);
        command.output().expect("djbuild starts")
    };
    assert!(run(&["pause"]).status.success());
    let watcher = farm.watch(&[], &[("DJBUILD_STATE_DIR", &path)]);
    until(|| run(&["reload"]).status.success(), || watcher.said());
    assert!(watcher.end());
}

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
    for _ in 0..2 {
        line.clear();
        told.read_line(&mut line).expect("something");
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
