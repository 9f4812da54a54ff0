use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use djbuild::source::{PackageIndex, Reach, Snapshot, SourceError, find_release};
use sha2::{Digest, Sha256};

/// A package index that has Django 7.0.1 and a withdrawn 7.0.2.
pub struct Index {
    url: String,
    downloads: Arc<AtomicU32>,
    /// What the next requests get instead of an answer.
    trouble: Arc<Mutex<Vec<Trouble>>>,
}

#[derive(Clone, Copy)]
enum Trouble {
    /// None.
    Good,
    /// An answer with this status.
    Status(u16),
    /// Half of the answer.
    Half,
}

impl Index {
    /// Serves this sdist, and says that its SHA-256 is that of `promised`.
    fn new(sdist: Vec<u8>, promised: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let downloads = Arc::new(AtomicU32::new(0));
        let mut sha256 = String::new();
        for byte in Sha256::digest(promised) {
            let _ = write!(sha256, "{byte:02x}");
        }
        let file = |version: &str, yanked: &str| {
            format!(
                r#"{{"filename":"django-{version}.tar.gz","url":"../files/{version}","hashes":{{"sha256":"{sha256}"}},"yanked":{yanked}}}"#
            )
        };
        let page = format!(
            r#"{{"files":[{},{}]}}"#,
            file("7.0.1", "false"),
            file("7.0.2", r#""broken""#)
        );
        let counted = Arc::clone(&downloads);
        let trouble = Arc::new(Mutex::new(Vec::new()));
        let expected = Arc::clone(&trouble);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.expect("a connection");
                let mut lines = BufReader::new(&connection).lines();
                let request = lines.next().expect("a request").expect("text");
                for line in lines.by_ref() {
                    if line.expect("text").is_empty() {
                        break;
                    }
                }
                let body = if request.contains("/files/") {
                    counted.fetch_add(1, Ordering::Relaxed);
                    sdist.as_slice()
                } else {
                    page.as_bytes()
                };
                let trouble = expected.lock().expect("no panic").pop();
                let (status, sent) = match trouble {
                    None | Some(Trouble::Good) => (200, body.len()),
                    Some(Trouble::Status(status)) => (status, 0),
                    Some(Trouble::Half) => (200, body.len() / 2),
                };
                let length = if status == 200 { body.len() } else { 0 };
                let head = format!(
                    "HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n",
                );
                let _ = connection.write_all(head.as_bytes());
                let _ = connection.write_all(&body[..sent]);
            }
        });
        Self {
            url: format!("http://{address}/simple"),
            downloads,
            trouble,
        }
    }

    /// The next requests go wrong, in this order.
    fn stumbles(&self, trouble: &[Trouble]) {
        let mut expected = self.trouble.lock().expect("no panic");
        expected.extend(trouble.iter().rev());
    }

    pub fn honest(sdist: Vec<u8>) -> Self {
        let promised = sdist.clone();
        Self::new(sdist, &promised)
    }

    pub fn get(
        &self,
        version: Option<&str>,
        cache: &tempfile::TempDir,
    ) -> Result<Snapshot, SourceError> {
        let index = PackageIndex::new(&self.url);
        find_release(&index, version, cache.path(), Reach::Online, &|_| {})?
            .candidate
            .snapshot()
    }

    pub fn downloads(&self) -> u32 {
        self.downloads.load(Ordering::Relaxed)
    }
}

/// A source distribution with these files, and what every Django has.
pub fn sdist(files: &[(&str, &str)]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    let usual = [("tests/runtests.py", "print()\n")];
    for (path, text) in usual.iter().chain(files) {
        let mut header = tar::Header::new_gnu();
        let name = format!("django-7.0.1/{path}");
        // As bytes: the library refuses to write what a malicious archive has.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(text.len() as u64);
        header.set_mode(if *path == "tool" { 0o755 } else { 0o644 });
        header.set_cksum();
        tar.append(&header, text.as_bytes()).expect("memory");
    }
    let gzip = tar.into_inner().expect("memory");
    gzip.finish().expect("memory")
}

fn cache() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn a_release_is_downloaded_once_and_then_known() {
    let index = Index::honest(sdist(&[
        ("django/__init__.py", "VERSION = 7\n"),
        ("tool", ""),
    ]));
    let cache = cache();
    let first = index.get(Some("7.0.1"), &cache).expect("a release");
    let second = index.get(Some("7.0.1"), &cache).expect("a release");
    assert_eq!(index.downloads(), 1);
    assert_eq!(first.revision, second.revision);
    assert_eq!(first.revision.source, "pypi:Django==7.0.1");
    assert_eq!(first.revision.branch, "7.0.1");
    let entry = second.manifest.get(b"django/__init__.py").expect("a file");
    let reader = second.reader().expect("readable");
    assert_eq!(
        reader.read(b"django/__init__.py", entry).expect("readable"),
        b"VERSION = 7\n"
    );
    let tool = second.manifest.get(b"tool").expect("a file");
    assert_eq!(tool.mode, djbuild::source::Mode::Executable);
}

#[test]
fn the_newest_release_is_the_newest_that_was_not_withdrawn() {
    let index = Index::honest(sdist(&[]));
    let newest = index.get(None, &cache()).expect("a release");
    assert_eq!(newest.revision.branch, "7.0.1");
    let error = index
        .get(Some("9.9"), &cache())
        .expect_err("no such release");
    assert!(error.to_string().contains("9.9"), "{error}");
}

#[test]
fn a_file_that_is_not_the_one_promised_is_refused_and_nothing_is_kept() {
    let lying = Index::new(sdist(&[]), b"another file");
    let cache = cache();
    let error = lying
        .get(Some("7.0.1"), &cache)
        .expect_err("a wrong digest");
    assert!(matches!(error, SourceError::Checksum { .. }), "{error}");
    let honest = Index::honest(sdist(&[]));
    honest.get(Some("7.0.1"), &cache).expect("a release");
    assert_eq!(honest.downloads(), 1);
}

#[test]
fn an_archive_that_is_broken_or_points_outside_of_itself_is_refused() {
    let outside = Index::honest(sdist(&[("../../outside", "x")]));
    let error = outside.get(None, &cache()).expect_err("a path outside");
    assert!(error.to_string().contains("../../outside"), "{error}");
    let mut half = sdist(&[("django/__init__.py", "VERSION = 7\n")]);
    half.truncate(half.len() / 2);
    let error = Index::honest(half)
        .get(None, &cache())
        .expect_err("half a file");
    assert!(matches!(error, SourceError::Archive { .. }), "{error}");
}

#[test]
fn the_newest_release_that_is_kept_will_do_where_the_index_cannot_be_reached() {
    let index = Index::honest(sdist(&[]));
    let cache = cache();
    index.get(Some("7.0.1"), &cache).expect("a release");
    let nowhere = PackageIndex::new("http://127.0.0.1:1/simple");
    for (index, reach) in [
        (&nowhere, Reach::Online),
        (&PackageIndex::new(&index.url), Reach::Offline),
    ] {
        let found = find_release(index, None, cache.path(), reach, &|_| {}).expect("kept");
        assert_eq!(found.candidate.branch, "7.0.1");
        assert!(found.stale.is_some());
    }
    let absent = find_release(
        &nowhere,
        Some("7.0.3"),
        cache.path(),
        Reach::Online,
        &|_| {},
    );
    assert!(absent.is_err());
}

#[test]
fn a_download_that_breaks_off_begins_again() {
    let index = Index::honest(sdist(&[("django/__init__.py", "VERSION = 7\n")]));
    index.stumbles(&[Trouble::Status(503), Trouble::Good, Trouble::Half]);
    let release = index.get(None, &cache()).expect("in the end");
    assert!(release.manifest.get(b"django/__init__.py").is_some());
    assert_eq!(index.downloads(), 2);
}

#[test]
fn an_index_that_refuses_is_not_stale() {
    let index = Index::honest(sdist(&[]));
    let cache = cache();
    index.get(None, &cache).expect("a release");
    index.stumbles(&[Trouble::Status(403)]);
    let error = index.get(None, &cache).expect_err("refused");
    assert!(matches!(error, SourceError::Refused { .. }), "{error}");
    index.stumbles(&[Trouble::Status(429); 3]);
    let error = index.get(None, &cache).expect_err("busy");
    assert!(matches!(error, SourceError::Busy { .. }), "{error}");
}
