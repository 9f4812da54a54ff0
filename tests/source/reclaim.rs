//! What can go of the cache, and what stays.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use djbuild::source::{CachePart, Keep, Mirror, Reclaimable, Shelf};

use crate::release::{Index, sdist};
use crate::repository::{Repository, fetch, find, temporary};

const DAY: Duration = Duration::from_secs(24 * 3600);

const MONTH: Keep = Keep {
    used_within: Duration::from_secs(30 * 24 * 3600),
    bytes: None,
};

fn is_aged(path: &Path, days: u32) {
    let file = File::options().append(true).open(path).expect("a file");
    file.set_modified(SystemTime::now() - DAY * days)
        .expect("a time");
}

/// The mirror's folder, and beside it the file that says when it was used.
fn mirror_in(cache: &Path) -> (PathBuf, PathBuf) {
    let entries = fs::read_dir(cache.join("git")).expect("mirrors");
    let mut folders = entries.map(|entry| entry.expect("an entry").path());
    let folder = folders.find(|path| path.is_dir()).expect("a mirror");
    let used = folder.with_extension("json");
    (folder, used)
}

fn mirror(repository: &Repository, cache: &Path) -> Mirror {
    repository.mirror(&cache.join("git"))
}

fn parts(found: &[Reclaimable]) -> Vec<&CachePart> {
    found.iter().map(|unit| &unit.part).collect()
}

#[test]
fn a_mirror_that_nobody_used_for_long_goes_and_is_fetched_again() {
    let repository = Repository::new();
    let cache = temporary();
    let mirror = mirror(&repository, cache.path());
    let before = fetch(&mirror, "main").remove(0);
    let find = |keep| Reclaimable::find(cache.path(), keep).expect("readable");
    assert_eq!(find(MONTH), []);
    let (folder, used) = mirror_in(cache.path());
    is_aged(&used, 31);
    let found = find(MONTH);
    assert_eq!(parts(&found), [&CachePart::Mirror]);
    assert!(found[0].bytes > 0 && found[0].unused_for > DAY * 30);
    assert!(found[0].remove().expect("removed"));
    assert!(!folder.exists() && !used.exists());
    assert_eq!(find(MONTH), []);
    assert_eq!(fetch(&mirror, "main").remove(0).manifest, before.manifest);
}

#[test]
fn what_somebody_works_on_stays() {
    let repository = Repository::new();
    let cache = temporary();
    let mirror = mirror(&repository, cache.path());
    fetch(&mirror, "main");
    let (folder, used) = mirror_in(cache.path());
    is_aged(&used, 31);
    let found = Reclaimable::find(cache.path(), MONTH).expect("readable");
    let lock = File::create(folder.with_extension("lock")).expect("a lock");
    lock.lock().expect("held");
    assert_eq!(
        Reclaimable::find(cache.path(), MONTH).expect("readable"),
        []
    );
    assert!(!found[0].remove().expect("left alone"));
    drop(lock);
    // Used since it was listed.
    fetch(&mirror, "main");
    assert!(!found[0].remove().expect("left alone"));
    assert!(folder.exists());
}

#[test]
fn what_is_used_offline_is_used() {
    let repository = Repository::new();
    let server = repository.serve();
    let cache = temporary();
    let mirror = Mirror::new(&server.url, &cache.path().join("git"));
    fetch(&mirror, "main");
    drop(server);
    let (_, used) = mirror_in(cache.path());
    is_aged(&used, 31);
    assert!(find(&mirror, &["main"]).expect("cached").stale.is_some());
    assert_eq!(
        Reclaimable::find(cache.path(), MONTH).expect("readable"),
        []
    );
}

#[test]
fn of_two_trees_the_one_used_last_stays_where_there_is_room_for_one() {
    let cache = temporary();
    let shelf = Shelf::new(cache.path().join("trees"));
    let repository = Repository::new();
    let first = repository.checkout().manifest;
    repository.write("new.py", "NEW = 1\n");
    let second = repository.checkout().manifest;
    shelf.put(&first).expect("writable");
    shelf.put(&second).expect("writable");
    let mut largest = 0;
    for entry in fs::read_dir(cache.path().join("trees")).expect("trees") {
        let entry = entry.expect("an entry");
        is_aged(&entry.path(), 3);
        largest = largest.max(entry.metadata().expect("a file").len());
    }
    shelf.get(&first.id()).expect("there");
    let keep = Keep {
        bytes: Some(largest),
        ..MONTH
    };
    let found = Reclaimable::find(cache.path(), keep).expect("readable");
    assert_eq!(parts(&found), [&CachePart::Tree]);
    assert!(found[0].remove().expect("removed"));
    assert!(shelf.get(&first.id()).is_some());
    assert!(shelf.get(&second.id()).is_none());
}

#[test]
fn a_branch_that_nobody_asks_for_is_forgotten_by_a_mirror_that_is_used() {
    let repository = Repository::new();
    repository.git("checkout -q -b topic");
    repository.write("topic.py", &"# topic\n".repeat(1000));
    repository.commit("A topic");
    repository.git("checkout -q main");
    let cache = temporary();
    let mirror = mirror(&repository, cache.path());
    fetch(&mirror, "topic");
    fetch(&mirror, "main");
    let (folder, used) = mirror_in(cache.path());
    let text = fs::read_to_string(&used).expect("text");
    let mut heads: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let long_ago = heads["fetched"]["refs/heads/main"]
        .as_u64()
        .expect("a time")
        - 31 * 86_400;
    heads["fetched"]["refs/heads/topic"] = long_ago.into();
    fs::write(&used, heads.to_string()).expect("a file");
    let found = Reclaimable::find(cache.path(), MONTH).expect("readable");
    assert_eq!(
        parts(&found),
        [&CachePart::Refs(vec!["refs/heads/topic".to_owned()])]
    );
    assert!(found[0].remove().expect("forgotten"));
    let refs = Command::new("git")
        .args(["for-each-ref", "--format=%(objectname)"])
        .current_dir(&folder)
        .output()
        .expect("git");
    assert_eq!(String::from_utf8_lossy(&refs.stdout).lines().count(), 1);
    fetch(&mirror, "topic");
}

#[test]
fn a_release_that_nobody_asks_for_is_forgotten_and_downloaded_again() {
    let index = Index::honest(sdist(&[("django/__init__.py", "VERSION = 7\n")]));
    let cache = temporary();
    let get = || index.get(Some("7.0.1"), &cache).expect("a release");
    let before = get();
    let find = || Reclaimable::find(cache.path(), MONTH).expect("readable");
    assert_eq!(find(), []);
    let notes = cache.path().join("releases.json");
    let age = |days: u64| {
        let text = fs::read_to_string(&notes).expect("text");
        let mut noted: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let then = noted["fetched"]["7.0.1"].as_u64().expect("a time") - days * 86_400;
        noted["fetched"]["7.0.1"] = then.into();
        fs::write(&notes, noted.to_string()).expect("a file");
    };
    age(31);
    get();
    assert_eq!(find(), [], "it was used just now");
    age(31);
    let found = find();
    assert_eq!(
        parts(&found),
        [&CachePart::Releases(vec!["7.0.1".to_owned()])]
    );
    assert!(found[0].remove().expect("forgotten"));
    assert_eq!(find(), []);
    assert_eq!(index.downloads(), 1);
    assert_eq!(get().manifest, before.manifest);
    assert_eq!(index.downloads(), 2);
}

#[test]
fn what_was_left_half_written_goes_after_a_day() {
    let repository = Repository::new();
    let cache = temporary();
    fetch(&mirror(&repository, cache.path()), "main");
    let (folder, _) = mirror_in(cache.path());
    let left = [
        cache.path().join(".tmpAbCdEf"),
        folder.join("objects/pack/tmp_pack_AbCdEf"),
    ];
    for path in &left {
        fs::write(path, "half").expect("a file");
    }
    assert_eq!(
        Reclaimable::find(cache.path(), MONTH).expect("readable"),
        []
    );
    for path in &left {
        is_aged(path, 2);
    }
    let found = Reclaimable::find(cache.path(), MONTH).expect("readable");
    assert_eq!(parts(&found), [&CachePart::Leftover; 2]);
    for unit in &found {
        assert!(unit.remove().expect("removed"));
    }
    assert!(left.iter().all(|path| !path.exists()));
}

#[test]
fn an_empty_cache_has_nothing_to_give() {
    let cache = temporary();
    let gone = cache.path().join("gone");
    assert_eq!(Reclaimable::find(&gone, MONTH).expect("nothing"), []);
}

#[test]
fn months_of_polling_leave_few_packs() {
    let repository = Repository::new();
    let cache = temporary();
    let mirror = mirror(&repository, cache.path());
    for number in 0..60 {
        repository.write("django/__init__.py", &format!("VERSION = {number}\n"));
        repository.commit("Another");
        let found = find(&mirror, &["main"]).expect("reachable").candidates;
        if number % 20 == 19 {
            found[0].snapshot().expect("a tree");
        }
    }
    let (folder, _) = mirror_in(cache.path());
    let packs = fs::read_dir(folder.join("objects/pack")).expect("packs");
    let packs = packs.filter(|entry| {
        let path = entry.as_ref().expect("an entry").path();
        path.extension().is_some_and(|ending| ending == "pack")
    });
    let packs = packs.count();
    assert!(packs < 30, "{packs}");
}
