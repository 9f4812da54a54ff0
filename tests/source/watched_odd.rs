//! Commits that nobody makes by accident, in a repository that is watched.

use std::fs;

use crate::repository::{Repository, temporary};
use crate::watched_history::{line_of, tip};

#[test]
fn what_a_commit_says_of_itself_may_be_anything() {
    let repository = Repository::new();
    let (tree, parent) = (repository.at("HEAD^{tree}"), repository.head());
    let whole = |author: &[u8], date: &str, message: &[u8]| {
        let head = format!("tree {tree}\nparent {parent}\nauthor ");
        let committer = format!("\ncommitter C <c@x.org> {date} +0000\n\n");
        let bytes = [head.as_bytes(), author, committer.as_bytes(), message].concat();
        repository.object("commit", &bytes)
    };
    let of = |author: &[u8], date: &str, message: &[u8]| {
        let id = whole(author, date, message);
        repository.git(&format!("update-ref refs/heads/main {id}"));
        let commit = tip(&repository);
        assert_eq!(commit.id, id);
        (commit.author, commit.committed, commit.subject)
    };
    let author = b"A <a@x.org> 1 +0000";
    let plain = |subject: &str| ("A".to_owned(), 7000, subject.to_owned());
    assert_eq!(of(author, "7", b"Fixed #1\r\n\nBody\n"), plain("Fixed #1"));
    assert_eq!(
        of(author, "7", b"\x1b[31mred\x07\n"),
        plain("\x1b[31mred\x07")
    );
    assert_eq!(of(author, "7", b"caf\xe9\n"), plain("caf\u{fffd}"));
    assert_eq!(of(author, "7", b""), plain(""));
    assert_eq!(of(author, "7", b"\n\n"), plain(""));
    let long = "x".repeat(1_000_000);
    assert_eq!(of(author, "7", long.as_bytes()), plain(&long[..1000]));
    for (author, name) in [
        (&b"<a@x.org> 1 +0000"[..], ""),
        (b"J\xf6rg <> 1 +0000", "J\u{fffd}rg"),
        (b"--help <a@x.org> 1 +0000", "--help"),
        (b"a@x.org", "a@x.org"),
        (b"A <b <c@x.org>> 1", "A"),
    ] {
        assert_eq!(of(author, "7", b"x\n").0, name);
    }
    for (date, committed) in [
        ("-1000", -1_000_000),
        ("9223372036854775807", i64::MAX),
        ("99999999999999999999", 0),
        ("soon", 0),
    ] {
        assert_eq!(of(author, date, b"x\n").1, committed, "{date}");
    }
}

#[test]
fn dates_that_lie_hide_no_commit_and_show_none_twice() {
    let repository = Repository::new();
    let base = "refs/heads/main^0";
    repository.import(&line_of(0..100, "main", base, 1_600_000_000));
    repository.import(&line_of(0..20, "old", "refs/heads/main^0", 5));
    repository.import(&line_of(0..20, "new", "refs/heads/main^0", 1_700_000_000));
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let old = watched.fetch("old", &|_| {}).expect("reachable");
    let new = watched.fetch("new", &|_| {}).expect("reachable");
    let commits = watched.commits(Some(&old), &new).expect("here");
    assert_eq!(commits.len(), 20, "{:?}", commits.first());
    assert_eq!(watched.commits(Some(&new), &old).expect("here").len(), 20);
    let main = repository.at("main");
    assert!(watched.is_in(&main, &old).expect("here"));
    assert!(watched.is_in(&main, &new).expect("here"));
    assert!(!watched.is_in(&old, &new).expect("here"));
}

#[test]
fn files_are_unknown_where_they_are_too_many() {
    let repository = Repository::new();
    for (count, known) in [(3000, true), (3001, false)] {
        let mut stream = String::from(
            "commit refs/heads/main\ncommitter C <c@x.org> 1 +0000\ndata 4\nMany\n\
             from refs/heads/main^0\ndeleteall\n",
        );
        for number in 0..count - 2 {
            let place = number % 7;
            let line = format!("M 100644 inline {count}/{place}/{number}\ndata 1\nx\n");
            stream.push_str(&line);
        }
        repository.import(stream.as_bytes());
        repository.git("reset -q --hard");
        // The two that every tree has are among them, for they go.
        let commit = tip(&repository);
        if known {
            assert_eq!(commit.files.map(|files| files.len()), Some(count));
        } else {
            assert_eq!(commit.files, None);
        }
        repository.git("reset -q --hard HEAD~1");
    }
}

#[test]
fn a_tree_of_more_folders_than_anybody_can_look_at_is_left_alone() {
    let repository = Repository::new();
    let entry = |name: &str, id: &str| {
        let bytes = (0..20).map(|at| u8::from_str_radix(&id[2 * at..2 * at + 2], 16));
        let bytes = bytes.collect::<Result<Vec<u8>, _>>().expect("hex");
        [b"40000 ", name.as_bytes(), b"\0", &bytes[..]].concat()
    };
    let mut tree = repository.object("tree", b"");
    for _ in 0..30 {
        tree = repository.object("tree", &[entry("a", &tree), entry("b", &tree)].concat());
    }
    let head = repository.head();
    let commit = format!("tree {tree}\nparent {head}\nauthor A <a> 1 +0000\n\nBomb\n");
    let commit = repository.object("commit", commit.as_bytes());
    let object = commit.clone();
    // Git itself is not asked to walk it.
    let folder = temporary();
    let watched = repository.watched(folder.path());
    watched.heads().expect("reachable");
    let alternates = watched.git_dir().join("objects/info/alternates");
    let objects = repository.folder().join(".git/objects");
    fs::write(alternates, format!("{}\n", objects.display())).expect("a file");
    let found = watched.commits(Some(&head), &object).expect("here");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].files, None);
}
