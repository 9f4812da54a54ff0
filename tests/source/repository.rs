//! Real git repositories, and what is read of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use djbuild::source::{
    Candidate, Mirror, Mirrored, Reach, Snapshot, SourceError, Wanted, Watched, worktree,
};

pub struct Repository(pub tempfile::TempDir);

impl Repository {
    /// The smallest tree that passes for Django, committed on `main`.
    pub fn new() -> Self {
        let repository = Self(tempfile::tempdir().expect("a temporary folder"));
        repository.git("init -q -b main");
        repository.write("django/__init__.py", "VERSION = (7, 0, 0, 'alpha', 0)\n");
        repository.write("tests/runtests.py", "print()\n");
        repository.commit("Django");
        repository
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.folder().join(path);
        fs::create_dir_all(path.parent().expect("inside the tree")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    }

    pub fn git(&self, words: &str) {
        let git = "git -c user.name=t -c user.email=t@example.org -c core.excludesFile=/dev/null";
        let done = Command::new("sh")
            .args(["-euc", &format!("{git} {words}")])
            .current_dir(self.folder())
            .status()
            .expect("sh");
        assert!(done.success(), "git {words}");
    }

    pub fn commit(&self, subject: &str) {
        self.git("add -A");
        self.git(&format!("commit -qm '{subject}'"));
    }

    pub fn head(&self) -> String {
        self.at("HEAD")
    }

    /// The id that a name has.
    pub fn at(&self, name: &str) -> String {
        output_in(self.folder(), &["rev-parse", name])
            .trim()
            .to_owned()
    }

    /// Has git take commits as `git fast-import` reads them.
    pub fn import(&self, stream: &[u8]) {
        let mut import = Command::new("git")
            .args([
                "fast-import",
                "--quiet",
                "--force",
                "--date-format=raw-permissive",
            ])
            .current_dir(self.folder())
            .stdin(Stdio::piped())
            .spawn()
            .expect("git");
        let mut stdin = import.stdin.take().expect("piped above");
        stdin.write_all(stream).expect("it reads");
        drop(stdin);
        assert!(import.wait().expect("it ends").success(), "git fast-import");
    }

    /// Writes an object as it stands, and returns its id.
    pub fn object(&self, kind: &str, bytes: &[u8]) -> String {
        let file = self.folder().join(".git/object");
        fs::write(&file, bytes).expect("a file");
        let hash = [
            "hash-object",
            "--literally",
            "-w",
            "-t",
            kind,
            ".git/object",
        ];
        output_in(self.folder(), &hash).trim().to_owned()
    }

    /// Lets git serve it, as it would over a network.
    pub fn serve(&self) -> Server {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let programs = Command::new("git")
            .arg("--exec-path")
            .output()
            .expect("git");
        let programs = String::from_utf8_lossy(&programs.stdout).trim().to_owned();
        // Not by way of `git`, which would leave it behind when it is killed.
        let daemon = Command::new(Path::new(&programs).join("git-daemon"))
            .args(["--export-all", "--reuseaddr", "--listen=127.0.0.1"])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", self.folder().display()))
            .spawn()
            .expect("git daemon");
        let server = Server {
            url: format!("git://127.0.0.1:{port}/.git"),
            daemon,
        };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("git daemon does not answer");
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.folder().display())
    }

    pub fn mirror(&self, cache: &Path) -> Mirror {
        Mirror::new(&self.url(), cache)
    }

    pub fn watched(&self, folder: &Path) -> Watched {
        Watched::new(&self.url(), folder)
    }

    pub fn checkout(&self) -> Snapshot {
        checkout(self.folder()).expect("a checkout")
    }
}

/// What git prints in a folder.
pub fn output_in(folder: &Path, words: &[&str]) -> String {
    let done = Command::new("git").args(words).current_dir(folder).output();
    let done = done.expect("git");
    assert!(done.status.success(), "git {words:?}: {done:?}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

pub fn checkout(folder: &Path) -> Result<Snapshot, SourceError> {
    worktree(folder)?.snapshot()
}

/// What a mirror has of these words.
pub fn find(mirror: &Mirror, words: &[&str]) -> Result<Mirrored, SourceError> {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    mirror.find(&Wanted::Named(&words), Reach::Online, &|_| {})
}

pub fn names(candidates: &[Candidate]) -> Vec<&str> {
    candidates.iter().map(|c| c.branch.as_str()).collect()
}

pub struct Server {
    pub url: String,
    daemon: std::process::Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// The newest state of the branches that match, through a mirror.
pub fn fetch(mirror: &Mirror, pattern: &str) -> Vec<Snapshot> {
    let found = find(mirror, &[pattern]).expect("reachable").candidates;
    let snapshot = |candidate: &Candidate| candidate.snapshot().expect("a snapshot");
    found.iter().map(snapshot).collect()
}

pub fn contents(snapshot: &Snapshot) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let reader = snapshot.reader().expect("readable");
    let read = |(path, entry)| {
        let path: &[u8] = path;
        (path.to_vec(), reader.read(path, entry).expect("readable"))
    };
    snapshot.manifest.iter().map(read).collect()
}

pub fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}
