//! Readers that have stopped reading, and a djbuild that stood still.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Going, PYTHON, User, shell};

/// More is told of the first tests than a pipe holds; then one hangs.
fn hanging(format: &str) -> Vec<&str> {
    vec![
        "run",
        "djbuild_awkward.test_output",
        "djbuild_awkward.hang",
        "--parallel",
        "1",
        "--python",
        PYTHON,
        "--database",
        "sqlite",
        "--format",
        format,
        "--quiet-timeout",
        "10m",
    ]
}

fn signal(child: &Child, signal: &str) {
    shell(&format!("kill -{signal} {}", child.id()));
}

/// Waits for the end of a process, no longer than this.
fn end(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let began = Instant::now();
    while began.elapsed() < patience {
        if let Some(status) = child.try_wait().expect("it was started") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    None
}

/// Waits until there is a container of this user's that runs a cell.
fn wait_for_cell(user: &User) {
    let began = Instant::now();
    while !user.left().iter().any(|name| name.contains("-main-")) {
        assert!(began.elapsed() < Duration::from_secs(300), "no cell runs");
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// Has a run go on until its pipe is full, ends it by two interrupts, and says how
/// long that took.
fn interrupted_twice(user: &User, mut command: Command) -> Duration {
    let mut child = command.spawn().expect("djbuild starts");
    wait_for_cell(user);
    std::thread::sleep(Duration::from_secs(5));
    let began = Instant::now();
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "INT");
    let ended = end(&mut child, Duration::from_secs(60));
    let took = began.elapsed();
    if ended.is_none() {
        child.kill().expect("it was started");
    }
    let status = ended.expect("two interrupts end it, whoever does not read");
    assert_eq!(status.code(), Some(130));
    assert_eq!(user.left(), Vec::<String>::new());
    took
}

#[test]
fn two_interrupts_end_a_run_whose_events_nobody_reads() {
    let user = User::new();
    let checkout = user.checkout();
    let mut command = user.djbuild_in(&checkout, &hanging("json"));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let took = interrupted_twice(&user, command);
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn two_interrupts_end_a_run_whose_progress_nobody_reads() {
    let user = User::new();
    let checkout = user.checkout();
    // A pipe that is full from the beginning, as a frozen terminal's is.
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    fill(&writer);
    let mut command = user.djbuild_in(&checkout, &hanging("text"));
    command.stdout(Stdio::null()).stderr(writer);
    let took = interrupted_twice(&user, command);
    assert!(took < Duration::from_secs(30), "{took:?}");
    let mut first = [0];
    reader.read_exact(&mut first).expect("it was full");
}

/// Fills a pipe, and leaves it as it is: blocking.
fn fill(writer: &std::io::PipeWriter) {
    let writer = writer.try_clone().expect("a descriptor");
    // Its reader stands still, so this thread stays in its last write.
    std::thread::spawn(move || {
        let mut writer = writer;
        while std::io::Write::write_all(&mut writer, &[b'x'; 4096]).is_ok() {}
    });
    std::thread::sleep(Duration::from_millis(300));
}

#[test]
fn a_run_that_was_stopped_for_longer_than_a_test_may_be_silent_goes_on() {
    let user = User::new();
    let checkout = user.checkout();
    let words = [
        "run",
        "djbuild_awkward.bystanders",
        "--parallel",
        "1",
        "--python",
        PYTHON,
        "--database",
        "sqlite",
        "--format",
        "json",
        "--quiet-timeout",
        "20s",
    ];
    let mut going = Going::start(user.djbuild_in(&checkout, &words));
    going.wait_for("test_started");
    going.signal("STOP");
    std::thread::sleep(Duration::from_secs(25));
    going.signal("CONT");
    let (status, events) = going.end();
    let last = events
        .iter()
        .rfind(|event| event["event"] == "cell_finished")
        .expect("it finished");
    assert_eq!(last["outcome"], "passed", "{last}");
    assert_eq!(status, Some(0));
    let starts = events.iter().filter(|e| e["event"] == "cell_started");
    assert_eq!(starts.count(), 1);
}
