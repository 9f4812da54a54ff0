//! Its file is another from one moment to the next; systemd and programs listen.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::farm::{FIRST, Farm, SECOND, until};

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
