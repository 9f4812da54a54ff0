use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{ChildStdout, Command};

use super::address::Remote;

/// What the other side says when the tunnel is dug.
const READY: &str = "djbuild-tunnel-ready";
/// How many of ssh's last words are kept.
const WORDS: usize = 4;

/// The ssh that brings a socket on another machine to `socket`.
pub fn command(program: &Path, remote: &Remote, socket: &Path) -> Command {
    let mut command = Command::new(program);
    command
        // Nobody could answer it: it has no terminal.
        .args(["-T", "-o", "BatchMode=yes"])
        .args(["-o", "ConnectTimeout=10"])
        // Where the network goes away without a word, it is noticed in a minute.
        .args([
            "-o",
            "ServerAliveInterval=15",
            "-o",
            "ServerAliveCountMax=4",
        ])
        // A master that others share would keep the tunnel after its end.
        .args(["-o", "ControlPath=none", "-o", "RemoteCommand=none"])
        .arg("-L")
        .arg(format!("{}:{}", socket.display(), remote.socket));
    if let Some(user) = &remote.user {
        command.args(["-l", user]);
    }
    if let Some(port) = remote.port {
        command.args(["-p", &port.to_string()]);
    }
    command
        // After this, nothing in an address can be taken for a flag.
        .args(["--", &remote.host])
        .arg(format!("echo {READY} && exec cat"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C is for djbuild, which needs the tunnel to clean up.
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Whether the command over there runs: ssh has the tunnel by then. A login
/// shell may have something to say before.
pub async fn ready(stdout: ChildStdout) -> bool {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line == READY {
            return true;
        }
    }
    false
}

/// The last lines that ssh wrote.
#[derive(Clone, Default)]
pub struct Words(Arc<Mutex<Vec<String>>>);

impl Words {
    pub fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.trim_end().to_owned());
        if lines.len() > WORDS {
            lines.remove(0);
        }
    }

    pub fn forget(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    pub fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() {
            "ssh does not say why".to_owned()
        } else {
            format!("ssh says: {}", lines.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_looks_like_a_flag_is_a_host() {
        let remote = Remote {
            user: Some("me".to_owned()),
            host: "-oProxyCommand=touch /tmp/x".to_owned(),
            port: Some(2222),
            socket: "/s".to_owned(),
        };
        let command = command(Path::new("ssh"), &remote, Path::new("/here"));
        let words: Vec<_> = command
            .as_std()
            .get_args()
            .map(|word| word.to_string_lossy())
            .collect();
        let end = words.iter().position(|word| word == "--").expect("a --");
        assert_eq!(words[end + 1], remote.host);
        assert_eq!(words[end - 4..end], ["-l", "me", "-p", "2222"]);
        assert!(words.contains(&"/here:/s".into()));
    }

    #[test]
    fn only_the_last_words_are_kept() {
        let words = Words::default();
        for number in 0..9 {
            words.push(&format!("{number}\r"));
        }
        assert_eq!(words.text(), "ssh says: 5; 6; 7; 8");
    }
}
