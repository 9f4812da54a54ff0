//! A server of git repositories that wants a name and a password.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use djbuild::source::Mirror;

use crate::repository::{Repository, temporary};

/// It serves the repository `django`.
pub struct HttpServer {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl HttpServer {
    pub fn of(repository: &Repository) -> Self {
        let folder = temporary();
        std::os::unix::fs::symlink(repository.folder(), folder.path().join("django"))
            .expect("a link");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/git_http.py");
        let mut process = Command::new("python3")
            .arg(script)
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let stdout = process.stdout.take().expect("piped above");
        let mut port = String::new();
        BufReader::new(stdout).read_line(&mut port).expect("a port");
        Self {
            process,
            port: port.trim().parse().expect("a number"),
            folder,
        }
    }

    /// Its address, for whoever is `user`: `me:secret@`.
    pub fn url(&self, user: &str) -> String {
        format!("http://{user}127.0.0.1:{}/django/.git", self.port)
    }

    pub fn mirror(&self, cache: &Path) -> Mirror {
        Mirror::new(&self.url("me:secret@"), cache)
    }

    /// What it does from now on: see git_http.py.
    pub fn answers(&self, lines: &str) {
        fs::write(self.folder.path().join("answer"), lines).expect("a file");
    }

    /// How many bytes it has sent in all.
    pub fn sent(&self) -> u64 {
        let sent = fs::read_to_string(self.folder.path().join("sent")).unwrap_or_default();
        let sizes = sent
            .lines()
            .map(|line| line.parse::<u64>().expect("a number"));
        sizes.sum()
    }

    /// What it was asked so far, and forgets.
    pub fn asked(&self) -> String {
        let path: PathBuf = self.folder.path().join("asked");
        let asked = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        asked
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
