use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::access::{Access, PasswordFile, Refused, Tokens, cookie, encode};
use crate::model::Moment;
use crate::notify::Secrets;
use crate::spec::{Login, Readers};
use crate::spec::{Place, Users};
use crate::store::State;
use crate::store::farm::Scope;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// A gate whose clock is told.
struct World {
    folder: tempfile::TempDir,
    clock: Arc<AtomicI64>,
    file: PasswordFile,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = PasswordFile::new(folder.path().join("users.txt"));
        file.put("ann", &encode("right")).expect("writable");
        Self {
            folder,
            clock: Arc::new(AtomicI64::new(1_000_000_000_000)),
            file,
        }
    }

    fn state(&self) -> State {
        State::new(self.folder.path().join("state"))
    }

    fn access(&self) -> Access {
        let login = Login {
            users: Users::File("users.txt".to_owned()),
            reading: Readers::Everybody,
            place: Place {
                file: "djbuild.toml".into(),
                line: 1,
            },
        };
        let clock = Arc::clone(&self.clock);
        Access::new(
            Some(&login),
            self.folder.path(),
            &Secrets::find(None),
            &self.state(),
            Box::new(move || Moment(clock.load(Ordering::SeqCst))),
        )
        .expect("writable")
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

async fn is_known(access: &Access, cookie: &str) -> bool {
    access.who(cookie).await.expect("readable").is_some()
}

#[tokio::test]
async fn whoever_has_the_password_is_known_until_they_leave() {
    let world = World::new();
    let access = world.access();
    let session = access.login("ann", "right", HERE).await.expect("let in");
    assert!(session.person.may_steer);
    let who = access.who(&session.cookie).await.expect("readable");
    assert_eq!(who, Some(session.person.clone()));
    let again = world.access().who(&session.cookie).await.expect("readable");
    assert_eq!(again, Some(session.person), "after a restart");
    access.logout(&session.cookie).await.expect("writable");
    assert!(!is_known(&access, &session.cookie).await);
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_are_told_alike() {
    let world = World::new();
    let access = world.access();
    for (name, password) in [("ann", "wrong"), ("bob", "right"), ("", ""), ("ann", "")] {
        let refused = access.login(name, password, HERE).await;
        assert!(matches!(refused, Err(Refused::Wrong)), "{name} {password}");
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_right_one_has_to_wait_too() {
    let world = World::new();
    let access = world.access();
    for _ in 0..5 {
        let refused = access.login("ann", "wrong", HERE).await;
        assert!(matches!(refused, Err(Refused::Wrong)));
    }
    let refused = access.login("ann", "right", HERE).await.expect_err("early");
    assert!(refused.to_string().contains("heard in 5s"), "{refused}");
    world.pass(5);
    access.login("ann", "right", HERE).await.expect("let in");
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_shown_and_after_a_fortnight_anyway() {
    let world = World::new();
    let access = world.access();
    let idle = access.login("ann", "right", HERE).await.expect("let in");
    world.pass(12 * 3600 - 1);
    assert!(is_known(&access, &idle.cookie).await);
    world.pass(12 * 3600 - 1);
    assert!(is_known(&access, &idle.cookie).await, "it slides");
    world.pass(12 * 3600);
    assert!(!is_known(&access, &idle.cookie).await);

    let long = access.login("ann", "right", HERE).await.expect("let in");
    for _ in 0..14 * 24 - 1 {
        world.pass(3600);
        assert!(is_known(&access, &long.cookie).await);
    }
    world.pass(3600);
    assert!(!is_known(&access, &long.cookie).await);
}

#[tokio::test]
async fn whoever_is_removed_or_gets_another_password_is_out_within_two_minutes() {
    let world = World::new();
    let access = world.access();
    let session = access.login("ann", "right", HERE).await.expect("let in");
    world.file.put("ann", &encode("other")).expect("writable");
    world.pass(119);
    assert!(is_known(&access, &session.cookie).await);
    world.pass(1);
    assert!(!is_known(&access, &session.cookie).await);
    let session = access.login("ann", "other", HERE).await.expect("let in");
    world.file.remove("ann").expect("writable");
    world.pass(120);
    assert!(!is_known(&access, &session.cookie).await);
    world.file.put("ann", &encode("other")).expect("writable");
    assert!(!is_known(&access, &session.cookie).await, "it stays so");
}

#[tokio::test]
async fn where_people_cannot_be_asked_nobody_gets_in_and_who_is_in_stays() {
    let world = World::new();
    let access = world.access();
    let session = access.login("ann", "right", HERE).await.expect("let in");
    std::fs::write(world.file.path(), "rubbish\n").expect("writable");
    world.pass(600);
    assert!(is_known(&access, &session.cookie).await);
    for _ in 0..20 {
        let refused = access.login("ann", "right", HERE).await;
        let refused = refused.expect_err("nobody can be asked");
        assert!(matches!(refused, Refused::Down(_)), "{refused}");
        assert!(refused.to_string().contains("line 1"), "{refused}");
    }
}

#[tokio::test]
async fn without_a_login_nobody_gets_in_and_everybody_may_look() {
    let world = World::new();
    let clock = Box::new(|| Moment(0));
    let (folder, secrets) = (world.folder.path(), Secrets::find(None));
    let access = Access::new(None, folder, &secrets, &world.state(), clock).expect("writable");
    assert!(access.may_read(None));
    let refused = access.login("ann", "right", HERE).await;
    assert!(matches!(refused, Err(Refused::Closed)));
}

#[tokio::test]
async fn a_token_is_good_for_what_it_was_made_for_until_it_is_taken_back() {
    let world = World::new();
    let access = world.access();
    let mut tokens = Tokens::of(&world.state()).expect("writable");
    let mut made = Vec::new();
    for (name, scope) in [("ci", Scope::Steer), ("wall", Scope::Read)] {
        made.push(tokens.add(name, scope, Moment(7)).expect("new"));
        assert!(tokens.add(name, scope, Moment(7)).is_err(), "twice");
    }
    let person = access.bearer(&made[0]).await.expect("readable");
    let person = person.expect("known");
    assert_eq!((person.name.as_str(), person.may_steer), ("token ci", true));
    let person = access.bearer(&made[1]).await.expect("readable");
    assert!(!person.expect("known").may_steer);
    let rows = tokens.all().expect("readable");
    assert!(rows.iter().all(|row| row.used.is_some()));
    assert!(rows.iter().all(|row| !made[0].contains(&row.hash)));
    assert!(tokens.remove("ci").expect("writable"));
    assert_eq!(access.bearer(&made[0]).await.expect("readable"), None);
}

#[tokio::test]
async fn rubbish_is_nobody() {
    let world = World::new();
    let access = world.access();
    let session = access.login("ann", "right", HERE).await.expect("let in");
    let hash = cookie::hashed(&session.cookie);
    for word in ["", "x", "djbuild_", "djbuild_ä", &hash, &hash[..43]] {
        assert_eq!(access.who(word).await.expect("readable"), None);
        assert_eq!(access.bearer(word).await.expect("readable"), None);
        access.logout(word).await.expect("writable");
    }
    let token = format!("djbuild_{}", session.cookie);
    assert_eq!(access.bearer(&token).await.expect("readable"), None);
    assert!(is_known(&access, &session.cookie).await);
}
