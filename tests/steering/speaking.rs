//! The socket, those who speak through it, and the console.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::farm::{FIRST, Farm, SECOND, until};

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
