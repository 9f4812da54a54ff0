//! Passwords and tokens of URLs are for their server alone.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use djbuild::source::{Mirror, PackageIndex, Reach, Transfer, Wanted, find_release};

use crate::http::HttpServer;
use crate::repository::{Repository, find, temporary};

/// Every file below a folder that has these bytes in it.
fn files_with(folder: &Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, secret));
        } else {
            let bytes = fs::read(&path).expect("a file");
            if bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes())
            {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// Command lines of this machine that have this in them.
fn commands_with(secret: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .map(|command| String::from_utf8_lossy(&command).into_owned())
        .filter(|command| command.contains(secret))
        .collect()
}

#[test]
fn a_password_in_a_url_is_told_to_the_server_and_to_nobody_else() {
    let repository = Repository::new();
    repository.git("tag -a -m one v1");
    let server = HttpServer::of(&repository);
    let cache = temporary();
    let mirror = server.mirror(cache.path());
    let told = std::cell::RefCell::new(String::new());
    let on_transfer = |transfer: &Transfer| told.borrow_mut().push_str(&transfer.what);
    let words = ["main".to_owned(), "v1".to_owned()];
    let found = mirror
        .find(&Wanted::Named(&words), Reach::Online, &on_transfer)
        .expect("it knows the password");
    let snapshot = found.candidates[0].snapshot().expect("a tree");
    assert_eq!(found.candidates[0].source, server.url(""));
    assert_eq!(snapshot.revision.source, server.url(""));
    assert!(!told.borrow().contains("secret"));
    assert_eq!(files_with(cache.path(), "secret"), [""; 0]);
    assert_eq!(files_with(cache.path(), "bWU6c2VjcmV0"), [""; 0]);

    // The next job has another password for the same repository.
    server.answers("503");
    let other = Mirror::new(&server.url("me:other@"), cache.path());
    assert!(find(&other, &["main"]).expect("cached").stale.is_some());
}

#[test]
fn no_error_has_a_secret_in_it() {
    let repository = Repository::new();
    let server = HttpServer::of(&repository);
    let cache = temporary();
    for user in ["me:wr0ng@", "wr0ng@", "wr0ng:@"] {
        let url = server.url(user);
        let error = find(&Mirror::new(&url, cache.path()), &["main"]).expect_err("refused");
        let told = format!("{error} {error:?}");
        assert!(!told.contains("wr0ng"), "{told}");
        assert!(told.contains("127.0.0.1"), "{told}");
    }
    for url in [
        "https://wr0ng@host.invalid/d.git",
        "https://host.invalid/d.git?private_token=wr0ng",
        "http://127.0.0.1:1/d.git?private_token=wr0ng",
        "ssh://me:wr0ng@127.0.0.1:1/d.git",
    ] {
        let error = find(&Mirror::new(url, cache.path()), &["main"]).expect_err("nowhere");
        let told = format!("{error} {error:?}");
        assert!(!told.contains("wr0ng"), "{told}");
    }
    let index = PackageIndex::new("http://me:wr0ng@127.0.0.1:1/simple");
    let released = find_release(&index, None, cache.path(), Reach::Online, &|_| {});
    let error = released.expect_err("nowhere");
    let told = format!("{error} {error:?}");
    assert!(!told.contains("wr0ng"), "{told}");
}

#[test]
fn no_argument_list_has_a_password_in_it() {
    let repository = Repository::new();
    let server = HttpServer::of(&repository);
    let cache = temporary();
    let password = format!("hidden{}", std::process::id());
    let url = server.url(&format!("me:{password}@"));
    server.answers("503");
    thread::scope(|scope| {
        // It is tried for some seconds.
        let finding = scope.spawn(|| find(&Mirror::new(&url, cache.path()), &["main"]));
        let mut seen = false;
        while !finding.is_finished() {
            assert_eq!(commands_with(&password), [""; 0]);
            seen |= !commands_with("remote-http").is_empty();
            thread::sleep(Duration::from_millis(5));
        }
        assert!(seen, "git was not seen at work");
        finding.join().expect("no panic").expect_err("in trouble");
    });
}
