use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::command::{Git, not_started};
use crate::source::error::SourceError;

/// Runs git beside a watch over djbuild: its standard input, which djbuild holds
/// open. When that ends, however djbuild died, the group ends: git, its helpers
/// and ssh. The first argument is the file that git reads.
const WATCHED: &str = "exec 3<&0
input=$1; shift
\"$@\" <\"$input\" 3<&- &
git=$!
{ read -r line <&3; kill -TERM 0; } >/dev/null 2>&1 &
watch=$!
wait $git
status=$?
kill -KILL $watch 2>/dev/null
exit $status";

/// How long a group may take to end when it is told to.
const GRACE: Duration = Duration::from_secs(5);
/// How long is listened to a git that has ended. A master that ssh left behind may
/// hold its standard error open for hours.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// One git that reaches the network, and how long it may say nothing.
#[derive(Debug)]
pub struct Network {
    git: Git,
    input: String,
    silence: Duration,
}

/// Why it came to nothing.
#[derive(Debug)]
pub enum Failed {
    /// It could not be started.
    Start(SourceError),
    /// It said this.
    Told(String),
    /// It said nothing for too long, and was ended.
    Silent(Duration),
}

enum Heard {
    Out(Vec<u8>),
    Err(Vec<u8>),
    Ended(std::io::Result<ExitStatus>),
}

impl Network {
    /// A git that gets this on its standard input.
    pub fn new(git: Git, input: String, silence: Duration) -> Self {
        Self {
            git,
            input,
            silence,
        }
    }

    /// What it prints; each line it says on the way is heard.
    pub fn run(self, heard: &mut dyn FnMut(&str)) -> Result<Vec<u8>, Failed> {
        let io = |error| Failed::Start(SourceError::io(std::env::temp_dir())(error));
        let mut file = tempfile::NamedTempFile::new().map_err(io)?;
        file.write_all(self.input.as_bytes()).map_err(io)?;
        let inner = self.git.finished();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", WATCHED, "djbuild-git"])
            .arg(file.path());
        command.arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = inner.get_current_dir() {
            command.current_dir(folder);
        }
        let child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Failed::Start(not_started(error)))?;
        listen(child, self.silence, heard)
    }
}

fn listen(
    mut child: Child,
    silence: Duration,
    heard: &mut dyn FnMut(&str),
) -> Result<Vec<u8>, Failed> {
    let (sender, receiver) = channel();
    let watch = child.stdin.take();
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, sender.clone(), Heard::Out);
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, sender.clone(), Heard::Err);
    }
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    thread::spawn(move || {
        let ended = child.wait();
        let _ = sender.send(Heard::Ended(ended));
    });
    let (mut printed, mut told, mut line) = (Vec::new(), String::new(), Vec::new());
    let mut hear = |message| match message {
        Heard::Out(bytes) => {
            printed.extend(bytes);
            None
        }
        Heard::Err(bytes) => {
            told.push_str(&String::from_utf8_lossy(&bytes));
            for byte in bytes {
                if matches!(byte, b'\n' | b'\r') {
                    heard(&String::from_utf8_lossy(&std::mem::take(&mut line)));
                } else {
                    line.push(byte);
                }
            }
            None
        }
        Heard::Ended(ended) => Some(ended),
    };
    let ended = loop {
        match receiver.recv_timeout(silence) {
            Ok(message) => {
                if let Some(ended) = hear(message) {
                    break ended;
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                drop(watch);
                end(group, &receiver);
                return Err(Failed::Silent(silence));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failed::Told("git ended without a word".to_owned()));
            }
        }
    };
    let until = Instant::now() + LAST_WORDS;
    while let Ok(message) = receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
        hear(message);
    }
    match ended {
        Ok(status) if status.success() => Ok(printed),
        // The shell's way to say that there is no such program.
        Ok(status) if status.code() == Some(127) && told.starts_with("djbuild-git:") => {
            Err(Failed::Start(SourceError::NoGit))
        }
        Ok(_) => Err(Failed::Told(told)),
        Err(error) => Err(Failed::Start(not_started(error))),
    }
}

/// Waits for a group that was told to end, and kills it where it does not.
fn end(group: Option<Pid>, receiver: &Receiver<Heard>) {
    let until = Instant::now() + GRACE;
    loop {
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Heard::Ended(_)) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => break,
        }
    }
    if let Some(group) = group {
        // It may have ended just now.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn forward(
    mut stream: impl Read + Send + 'static,
    sender: Sender<Heard>,
    heard: impl Fn(Vec<u8>) -> Heard + Send + 'static,
) {
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 14];
        while let Ok(count) = stream.read(&mut buffer) {
            if count == 0 || sender.send(heard(buffer[..count].to_vec())).is_err() {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    #[test]
    fn a_git_that_says_nothing_is_ended_with_all_that_it_started() {
        let folder = folder();
        let pid = folder.path().join("pid");
        let alias = format!("!sleep 600 & echo $! > {} ; wait", pid.display());
        let git = Git::within(folder.path())
            .config("alias.stall", alias)
            .args(["stall"]);
        let begun = Instant::now();
        let failed = Network::new(git, String::new(), Duration::from_millis(700))
            .run(&mut |_| {})
            .expect_err("silent");
        assert!(matches!(failed, Failed::Silent(_)), "{failed:?}");
        assert!(begun.elapsed() < Duration::from_secs(8));
        let pid = std::fs::read_to_string(pid).expect("it was started");
        let process = format!("/proc/{}/stat", pid.trim());
        let alive = || std::fs::read_to_string(&process).is_ok_and(|stat| !stat.contains(") Z "));
        for _ in 0..50 {
            if !alive() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("the helper lives on");
    }

    #[test]
    fn a_master_that_ssh_leaves_behind_holds_nobody_up() {
        let folder = folder();
        let git = Git::within(folder.path())
            .config("alias.leave", "!echo here; sleep 20 & :")
            .args(["leave"]);
        let begun = Instant::now();
        let printed = Network::new(git, String::new(), Duration::from_secs(10))
            .run(&mut |_| {})
            .expect("it ends");
        assert_eq!(printed, b"here\n");
        assert!(begun.elapsed() < Duration::from_secs(8));
    }

    #[test]
    fn lines_are_heard_while_it_works() {
        let folder = folder();
        let git = Git::within(folder.path())
            .config("alias.talk", "!printf 'one\\rtwo\\n' >&2; cat; exit 3")
            .args(["talk"]);
        let mut lines = Vec::new();
        let failed = Network::new(git, "input".to_owned(), Duration::from_secs(10))
            .run(&mut |line| lines.push(line.to_owned()))
            .expect_err("3");
        assert_eq!(lines, ["one", "two"]);
        assert!(matches!(failed, Failed::Told(_)), "{failed:?}");
    }
}
