use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::address::Remote;

/// What the other side says when the tunnel is dug.
const READY: &str = "djbuild-tunnel-ready";
/// How many of ssh's last words are kept.
const WORDS: usize = 4;

/// A socket on another machine, brought here by one ssh for all connections.
///
/// Docker's own client runs `docker system dial-stdio` over there instead, once
/// for each connection. That costs a handshake for each request, needs Docker's
/// client over there, and so leaves Podman out.
pub struct Tunnel {
    folder: TempDir,
    words: Words,
    _ssh: Child,
    // The command over there ends when this is closed, however djbuild dies,
    // and ssh with it.
    _stdin: Option<ChildStdin>,
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tunnel").field(&self.folder.path()).finish()
    }
}

/// A tunnel that could not be dug.
#[derive(Debug, thiserror::Error)]
pub enum TunnelError {
    #[error("ssh is not installed (Debian: apt-get install openssh-client)")]
    NoSsh,
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Said(String),
}

impl Tunnel {
    /// Has ssh bring the remote socket here.
    pub async fn open(remote: &Remote) -> Result<Self, TunnelError> {
        let folder = tempfile::Builder::new().prefix("djbuild-").tempdir()?;
        let mut ssh = command(remote, &folder.path().join("engine.sock"))
            .spawn()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => TunnelError::NoSsh,
                _ => TunnelError::Io(error),
            })?;
        let words = Words::default();
        let listening = ssh.stderr.take().map(|stderr| {
            let words = words.clone();
            tokio::spawn(async move {
                let mut lines = BufReader::new(stderr).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    words.push(&line);
                }
            })
        });
        let ready = match ssh.stdout.take() {
            Some(stdout) => ready(stdout).await,
            None => false,
        };
        if !ready {
            if let Some(listening) = listening {
                // It ends with ssh, which has hung up.
                let _ = listening.await;
            }
            return Err(TunnelError::Said(words.text()));
        }
        Ok(Self {
            folder,
            words,
            _stdin: ssh.stdin.take(),
            _ssh: ssh,
        })
    }

    /// The address of the socket here.
    pub fn address(&self) -> String {
        let socket = self.folder.path().join("engine.sock");
        format!("unix://{}", socket.display())
    }

    /// What ssh last said: for one, that nothing listens on the socket over there.
    pub fn said(&self) -> String {
        self.words.text()
    }
}

fn command(remote: &Remote, socket: &Path) -> Command {
    let mut command = Command::new("ssh");
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
async fn ready(stdout: ChildStdout) -> bool {
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
struct Words(Arc<Mutex<Vec<String>>>);

impl Words {
    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.trim_end().to_owned());
        if lines.len() > WORDS {
            lines.remove(0);
        }
    }

    fn text(&self) -> String {
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
        let command = command(&remote, Path::new("/here"));
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
