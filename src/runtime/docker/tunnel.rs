use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::time::{Instant, timeout};

use super::address::Remote;
use super::ssh::{Words, command, ready};

/// How long ssh may take to get there again.
const PATIENCE: Duration = Duration::from_secs(20);
/// After the first attempt that failed; it doubles up to half a minute.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// A socket on another machine, brought here by one ssh for all connections.
///
/// Docker's own client runs `docker system dial-stdio` over there instead, once
/// for each connection. That costs a handshake for each request, needs Docker's
/// client over there, and so leaves Podman out.
///
/// It is dug again where it fell in, by whoever wants to use it next.
pub struct Tunnel {
    program: PathBuf,
    remote: Remote,
    folder: TempDir,
    words: Words,
    ssh: tokio::sync::Mutex<Dug>,
}

/// What there is of a tunnel.
#[derive(Default)]
struct Dug {
    // The command over there ends when its standard input is closed, however
    // djbuild dies, and ssh with it.
    ssh: Option<Child>,
    failures: u32,
    not_before: Option<Instant>,
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
    pub async fn open(remote: Remote) -> Result<Self, TunnelError> {
        Self::open_by("ssh".into(), remote).await
    }

    async fn open_by(program: PathBuf, remote: Remote) -> Result<Self, TunnelError> {
        let tunnel = Self {
            program,
            remote,
            folder: tempfile::Builder::new().prefix("djbuild-").tempdir()?,
            words: Words::default(),
            ssh: tokio::sync::Mutex::default(),
        };
        tunnel.dig(&mut *tunnel.ssh.lock().await).await?;
        Ok(tunnel)
    }

    /// Digs it again if ssh has ended, at the same place. Who does not wait for
    /// the end of it does not end it.
    pub async fn keep_open(self: Arc<Self>) -> Result<(), TunnelError> {
        let digging = tokio::spawn(async move {
            let mut dug = self.ssh.lock().await;
            if let Some(ssh) = &mut dug.ssh
                && matches!(ssh.try_wait(), Ok(None))
            {
                return Ok(());
            }
            if dug.not_before.is_some_and(|time| Instant::now() < time) {
                return Err(TunnelError::Said(self.words.text()));
            }
            let again = timeout(PATIENCE, self.dig(&mut dug)).await;
            let again = again.unwrap_or_else(|_| Err(TunnelError::Said(self.words.text())));
            if again.is_ok() {
                dug.failures = 0;
            } else {
                let pause = FIRST_PAUSE * 2_u32.pow(dug.failures.min(5));
                dug.failures += 1;
                dug.not_before = Some(Instant::now() + pause);
            }
            again
        });
        digging
            .await
            .unwrap_or_else(|error| Err(std::io::Error::other(error).into()))
    }

    async fn dig(&self, dug: &mut Dug) -> Result<(), TunnelError> {
        let socket = self.socket();
        // ssh does not bind where an earlier one left its socket.
        match std::fs::remove_file(&socket) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => self.words.forget(),
        }
        let mut ssh = command(&self.program, &self.remote, &socket)
            .spawn()
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => TunnelError::NoSsh,
                _ => TunnelError::Io(error),
            })?;
        let listening = ssh.stderr.take().map(|stderr| {
            let words = self.words.clone();
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
            return Err(TunnelError::Said(self.words.text()));
        }
        dug.ssh = Some(ssh);
        Ok(())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("engine.sock")
    }

    /// The address of the socket here.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// What ssh last said: for one, that nothing listens on the socket over there.
    pub fn said(&self) -> String {
        self.words.text()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    /// An ssh that brings nothing here, and lives until it is told to end.
    fn ssh(folder: &Path) -> PathBuf {
        let program = folder.join("ssh");
        let log = folder.join("log");
        let script = format!(
            r#"#!/bin/sh
            echo $$ >> {log}
            while [ "$1" != -- ]; do [ "$1" = -L ] && forward=$2; shift; done
            test -e {broken} && {{ echo 'Connection timed out' >&2; exit 255; }}
            ln -s /nowhere "${{forward%%:*}}" || exit 255
            exec sh -c "$3""#,
            log = log.display(),
            broken = folder.join("broken").display(),
        );
        std::fs::write(&program, script).expect("writable");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
            .expect("writable");
        program
    }

    async fn end(tunnel: &Tunnel) {
        let mut dug = tunnel.ssh.lock().await;
        dug.ssh.as_mut().expect("dug").kill().await.expect("ended");
    }

    #[tokio::test]
    async fn a_tunnel_that_fell_in_is_dug_again_at_the_same_place_by_one_of_many() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let remote = Remote {
            user: None,
            host: "build".to_owned(),
            port: None,
            socket: "/s".to_owned(),
        };
        let tunnel = Tunnel::open_by(ssh(folder.path()), remote).await;
        let tunnel = Arc::new(tunnel.expect("dug"));
        let dug = || {
            let log = std::fs::read_to_string(folder.path().join("log"));
            log.expect("a log").lines().count()
        };
        let address = tunnel.address();
        Arc::clone(&tunnel).keep_open().await.expect("open");
        assert_eq!(dug(), 1);

        end(&tunnel).await;
        let many = (0..20).map(|_| Arc::clone(&tunnel).keep_open());
        for kept in futures_util::future::join_all(many).await {
            kept.expect("open again");
        }
        assert_eq!((dug(), tunnel.address()), (2, address));

        let broken = folder.path().join("broken");
        std::fs::write(&broken, "").expect("writable");
        end(&tunnel).await;
        for _ in 0..20 {
            let error = Arc::clone(&tunnel).keep_open().await.expect_err("no way");
            assert!(
                error.to_string().contains("Connection timed out"),
                "{error}"
            );
        }
        assert_eq!(dug(), 3, "asked again without a pause");
        std::fs::remove_file(&broken).expect("there");
        tokio::time::sleep(FIRST_PAUSE).await;
        Arc::clone(&tunnel).keep_open().await.expect("open again");
    }
}
