//! What is told of the commits of a repository that is watched.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Instant;

use djbuild::source::{Commit, SourceError, Watched};

use crate::repository::{Repository, temporary};

/// The commits of `main` since another one, once it is fetched.
fn since(watched: &Watched, since: &str) -> Vec<Commit> {
    let tip = watched.fetch("main", &|_| {}).expect("reachable");
    watched.commits(Some(since), &tip).expect("they are here")
}

pub fn tip(repository: &Repository) -> Commit {
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let tip = watched.fetch("main", &|_| {}).expect("reachable");
    let mut commits = watched.commits(None, &tip).expect("it is here");
    assert_eq!(commits.len(), 1);
    commits.remove(0)
}

fn files(commit: &Commit) -> Vec<&str> {
    let files = commit.files.as_ref().expect("known");
    files.iter().map(String::as_str).collect()
}

/// Commits one after another, each with a file of its own, as `git fast-import` reads
/// them.
pub fn line_of(numbers: std::ops::Range<usize>, branch: &str, from: &str, date: i64) -> Vec<u8> {
    let commit = |number: usize| {
        let from = if number == numbers.start {
            format!("from {from}\n")
        } else {
            String::new()
        };
        let subject = format!("Change {number}");
        format!(
            "commit refs/heads/{branch}\nauthor A{number} <a@x.org> 1 +0000\n\
             committer C <c@x.org> {date} +0000\ndata {}\n{subject}\n{from}\
             M 100644 inline django/{branch}/{number}.py\ndata 2\n{}\n\n",
            subject.len(),
            number % 10,
        )
    };
    numbers.clone().map(commit).collect::<String>().into_bytes()
}

#[test]
fn five_hundred_commits_of_one_push_are_known_once_and_oldest_first() {
    let repository = Repository::new();
    for folder in 0..200 {
        repository.write(&format!("django/{folder}/__init__.py"), "");
    }
    repository.commit("Folders");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let before = watched.fetch("main", &|_| {}).expect("reachable");
    repository.import(&line_of(0..500, "main", "refs/heads/main^0", 1_700_000_000));
    let tip = watched.fetch("main", &|_| {}).expect("reachable");
    let begun = Instant::now();
    let commits = watched.commits(Some(&before), &tip).expect("here");
    let took = begun.elapsed();
    println!("500 commits were listed in {took:?}");
    assert_eq!(commits.len(), 500);
    for (number, commit) in commits.iter().enumerate() {
        assert_eq!(commit.subject, format!("Change {number}"));
        assert_eq!(commit.author, format!("A{number}"));
        assert_eq!(commit.committed, 1_700_000_000_000);
        assert_eq!(files(commit), [format!("django/main/{number}.py")]);
    }
    assert_eq!(commits[499].id, tip);
    assert_eq!(watched.commits(Some(&tip), &tip).expect("here"), []);
    assert_eq!(watched.commits(None, &tip).expect("here"), commits[499..]);
}

#[test]
fn a_merge_brings_what_it_merges_and_has_the_files_of_all_of_it() {
    let repository = Repository::new();
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let before = watched.fetch("main", &|_| {}).expect("reachable");
    repository.import(&line_of(
        0..300,
        "topic",
        "refs/heads/main^0",
        1_700_000_000,
    ));
    repository.write("docs/new.txt", "new");
    repository.commit("Meanwhile");
    repository.git("merge -q --no-ff -m 'A merge' topic");
    let commits = since(&watched, &before);
    assert_eq!(commits.len(), 302);
    let merge = commits.last().expect("302");
    assert_eq!(merge.subject, "A merge");
    assert_eq!(files(merge).len(), 300);
    assert!(files(merge).contains(&"django/topic/299.py"));
    let subject_of = |id: &String| {
        let known = commits.iter().find(|commit| commit.id == *id);
        known.map(|commit| commit.subject.as_str())
    };
    let parents: Vec<_> = merge.parents.iter().map(subject_of).collect();
    assert_eq!(parents, [Some("Meanwhile"), Some("Change 299")]);
    let of_the_topic: Vec<&str> = commits.iter().map(|c| c.subject.as_str()).collect();
    let of_the_topic = of_the_topic.iter().filter(|s| s.starts_with("Change"));
    let expected: Vec<String> = (0..300).map(|number| format!("Change {number}")).collect();
    assert!(of_the_topic.eq(expected.iter()), "parents first");
}

#[test]
fn every_kind_of_change_names_its_files() {
    let repository = Repository::new();
    assert_eq!(
        files(&tip(&repository)),
        ["django/__init__.py", "tests/runtests.py"],
        "the first commit has files"
    );
    repository.git("commit -q --allow-empty -m Empty");
    assert_eq!(tip(&repository).files, Some(vec![]));

    repository.git("mv django/__init__.py django/init.py");
    repository.commit("Renamed");
    let renamed = tip(&repository);
    assert_eq!(files(&renamed), ["django/__init__.py", "django/init.py"]);

    let tests = repository.folder().join("tests/runtests.py");
    fs::set_permissions(tests, fs::Permissions::from_mode(0o755)).expect("permissions");
    repository.commit("Executable");
    assert_eq!(files(&tip(&repository)), ["tests/runtests.py"]);

    repository.git("rm -q django/init.py");
    repository.write("django", "a file now");
    repository.commit("A file in place of a folder");
    assert_eq!(files(&tip(&repository)), ["django", "django/init.py"]);

    let id = repository.head();
    repository.git(&format!("update-index --add --cacheinfo 160000,{id},theme"));
    repository.git("commit -qm Submodule");
    assert_eq!(files(&tip(&repository)), ["theme"]);

    repository.git("checkout -q --orphan other");
    repository.git("rm -rfq --cached .");
    repository.write("other.py", "");
    repository.git("add other.py");
    repository.git("commit -qm Other");
    repository.git("checkout -qf main");
    repository.git("merge -q --allow-unrelated-histories --no-ff -m Both other");
    assert_eq!(files(&tip(&repository)), ["other.py"]);
}

#[test]
fn names_of_files_are_told_as_they_are() {
    let repository = Repository::new();
    repository.write("new\nline", "");
    repository.write("\"quotes\"\t\\", "");
    repository.write("\u{1F41F}/\u{fc}", "");
    // Git's own listings have ids among the paths.
    repository.write("4b825dc642cb6eb9a060e54bf8d69288fbee4904", "");
    repository.write(":100644 100644 0 0 M", "");
    let latin = std::ffi::OsStr::from_bytes(b"caf\xe9");
    fs::write(repository.folder().join(latin), "").expect("a file");
    repository.commit("Awkward files");
    assert_eq!(
        files(&tip(&repository)),
        [
            "\"quotes\"\t\\",
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            ":100644 100644 0 0 M",
            "caf\u{fffd}",
            "new\nline",
            "\u{1F41F}/\u{fc}",
        ]
    );
}

#[test]
fn a_commit_that_is_not_here_has_no_history() {
    let repository = Repository::new();
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let tip = watched.fetch("main", &|_| {}).expect("reachable");
    let elsewhere = "0123456789012345678901234567890123456789";
    for word in [elsewhere, "main", &tip[..12], "--all", "-n1", "", "HEAD"] {
        let error = watched.commits(Some(word), &tip).expect_err("not here");
        assert!(matches!(error, SourceError::NoRevision(_)), "{error}");
        let error = watched.commits(None, word).expect_err("not here");
        assert!(matches!(error, SourceError::NoRevision(_)), "{error}");
        assert!(!watched.is_in(word, &tip).expect("not here"));
        assert!(watched.is_in(&tip, word).is_err());
    }
}

#[test]
fn a_remote_that_has_a_part_of_its_history_is_watched_as_far_as_it_goes() {
    let whole = Repository::new();
    for number in 0..3 {
        whole.write("new.py", &number.to_string());
        whole.commit(&format!("Change {number}"));
    }
    let repository = Repository(temporary());
    repository.git("init -q -b main");
    repository.git(&format!("fetch -q --depth=2 {} main", whole.url()));
    repository.git("update-ref refs/heads/main FETCH_HEAD");
    repository.git("reset -q --hard");
    let folder = temporary();
    let watched = repository.watched(folder.path());
    let tip = watched.fetch("main", &|_| {}).expect("reachable");
    let first = repository.at("main~1");
    let [commit] = &watched.commits(None, &first).expect("here")[..] else {
        panic!("one commit");
    };
    assert_eq!(commit.subject, "Change 1");
    assert_eq!(commit.files, None, "its parent is not here");
    repository.write("new.py", "more");
    repository.commit("More");
    let commits = since(&watched, &first);
    let subjects: Vec<&str> = commits.iter().map(|c| c.subject.as_str()).collect();
    assert_eq!(subjects, ["Change 2", "More"]);
    assert_eq!(files(&commits[1]), ["new.py"]);
    assert!(watched.is_in(&tip, &commits[1].id).expect("here"));
}

/// Runs other tests of this file with a git that its user has configured.
#[test]
fn it_is_the_same_whatever_the_users_git_is_configured_to() {
    let folder = temporary();
    let config = folder.path().join("config");
    let text = "[log]\n\tshowSignature = true\n\tfollow = true\n\tdate = relative\n\
                \tdiffMerges = off\n\tshowRoot = false\n\tdecorate = full\n\
                [diff]\n\trenames = copies\n\tnoprefix = true\n\trelative = true\n\
                \tignoreSubmodules = all\n\torderFile = /dev/null\n\texternal = false\n\
                [core]\n\tquotePath = true\n\tcommitGraph = false\n\tabbrev = 4\n\tpager = false\n\
                [color]\n\tui = always\n[i18n]\n\tlogOutputEncoding = latin1\n\
                [format]\n\tpretty = fuller\n[fetch]\n\tprune = true\n\tpruneTags = true\n\
                \trecurseSubmodules = true\n\twriteCommitGraph = true\n\
                [transfer]\n\tfsckObjects = false\n[alias]\n\trev-list = !false\n\
                [gc]\n\twriteCommitGraph = false\n[protocol]\n\tversion = 1\n";
    fs::write(&config, text).expect("a file");
    let done = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--test-threads=1"])
        .args([
            "watched_history::five_hundred_commits_of_one_push_are_known_once_and_oldest_first",
            "watched_history::a_merge_brings_what_it_merges_and_has_the_files_of_all_of_it",
            "watched_history::every_kind_of_change_names_its_files",
            "watched_history::names_of_files_are_told_as_they_are",
            "watched_odd::what_a_commit_says_of_itself_may_be_anything",
            "watched_odd::dates_that_lie_hide_no_commit_and_show_none_twice",
            "watched::a_branch_that_was_rewritten_leaves_what_it_was",
            "watched_names::a_commit_is_meant_by_every_name_it_has",
        ])
        .env("GIT_CONFIG_GLOBAL", &config)
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}");
    assert!(told.contains("8 passed"), "{told}");
}
