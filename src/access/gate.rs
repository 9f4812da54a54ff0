use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::cookie;
use super::known::Known;
use super::people::People;
use super::throttle::Throttle;
use super::token;
use super::{Hash, Person, Refused, Session};
use crate::model::Moment;
use crate::notify::Secrets;
use crate::spec::{Login, Readers};
use crate::store::farm::{Farm, Scope, SessionRow, TokenRow};
use crate::store::{State, StoreError};

/// What time it is.
pub type Clock = dyn Fn() -> Moment + Send + Sync;

/// A session ends when it is not shown for so long.
const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// And after so long anyway.
const LIFE: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// How old what is known of somebody may be.
const FRESH: Duration = Duration::from_secs(2 * 60);
/// How often it is noted that a token was shown.
const MINUTE: Duration = Duration::from_secs(60);
/// How many passwords are computed at once, each with up to 256 MiB.
const AT_ONCE: usize = 2;
/// How long others wait for that.
const PATIENCE: Duration = Duration::from_secs(20);
/// Letters of the longest password that is read.
const LONGEST: usize = 4096;
/// What is computed where nobody has the name and none has been seen.
const NOBODYS: &str = "pbkdf2_sha256$1000000$djbuild$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Who may come in, and what they may do.
pub struct Access {
    people: Option<People>,
    readers: Readers,
    farm: Arc<Mutex<Farm>>,
    throttle: Mutex<Throttle>,
    computing: Arc<Semaphore>,
    /// The last hash that was checked: one as dear is computed where nobody has the name.
    usual: Mutex<String>,
    clock: Box<Clock>,
}

impl Access {
    /// By what a file says of logins, if it does; relative paths in it start in `folder`,
    /// which is the file's.
    ///
    /// # Errors
    /// When sessions cannot be kept.
    pub fn new(
        login: Option<&Login>,
        folder: &Path,
        secrets: &Secrets,
        state: &State,
        clock: Box<Clock>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            people: login.map(|login| People::of(login, folder, secrets)),
            readers: login.map_or(Readers::Everybody, |login| login.reading),
            farm: Arc::new(Mutex::new(state.farm()?)),
            throttle: Mutex::default(),
            computing: Arc::new(Semaphore::new(AT_ONCE)),
            usual: Mutex::new(NOBODYS.to_owned()),
            clock,
        })
    }

    /// Whether there is a login at all.
    pub const fn has_login(&self) -> bool {
        self.people.is_some()
    }

    /// Whether somebody, or whoever has not said who they are, may look.
    pub fn may_read(&self, person: Option<&Person>) -> bool {
        self.readers == Readers::Everybody || person.is_some()
    }

    /// Lets somebody in by their password, who comes from an address.
    ///
    /// # Errors
    /// When they are not let in.
    pub async fn login(
        &self,
        name: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<Session, Refused> {
        let people = self.people.as_ref().ok_or(Refused::Closed)?;
        let now = (self.clock)();
        let begun = locked(&self.throttle).begin(name, address, now);
        begun.map_err(|until| Refused::Throttled {
            until,
            pause: Duration::from_secs(until.since(now).as_secs().max(1)),
        })?;
        if name.is_empty() || name.len() > LONGEST || password.len() > LONGEST {
            return Err(Refused::Wrong);
        }
        let found = match people.find(name).await {
            Ok(found) => found,
            Err(away) => {
                locked(&self.throttle).take_back(name, address);
                return Err(Refused::Down(away.0));
            }
        };
        let Some(is_right) = self.compute(found.as_ref(), password).await else {
            locked(&self.throttle).take_back(name, address);
            return Err(Refused::Busy);
        };
        let known = found.filter(|_| is_right).ok_or(Refused::Wrong)?;
        locked(&self.throttle).right(name, address);
        if !known.is_active {
            return Err(Refused::NotAllowed {
                lacks: "the account is not active".to_owned(),
                name: known.name,
            });
        }
        if let Some(lacks) = known.lacks.clone().filter(|_| !self.lets_in(&known)) {
            return Err(Refused::NotAllowed {
                name: known.name,
                lacks,
            });
        }
        self.begin(known).await
    }

    /// Who shows this, if it is a session's. What they may is asked again now and then; as
    /// long as nobody answers, it stays as it was.
    ///
    /// # Errors
    /// When sessions cannot be read or written.
    pub async fn who(&self, cookie: &str) -> Result<Option<Person>, StoreError> {
        let (Some(people), Some(hash)) = (&self.people, cookie::kept(cookie)) else {
            return Ok(None);
        };
        let shown = hash.clone();
        let row = self.with(move |farm| farm.look(|book| book.session(&shown)));
        let Some(mut row) = row.await? else {
            return Ok(None);
        };
        let now = (self.clock)();
        // A clock that was set back ends nothing early, and makes nothing last.
        let end = row.made.plus(LIFE);
        if now >= row.expires.min(end) {
            return self.end(hash).await.map(|()| None);
        }
        if now.since(row.checked) >= FRESH || now < row.checked {
            match people.find(&row.name).await {
                Err(_) => {}
                Ok(Some(known))
                    if known.is_active && proof(&known) == row.proof && self.lets_in(&known) =>
                {
                    row.steers = known.lacks.is_none();
                }
                Ok(_) => return self.end(hash).await.map(|()| None),
            }
            row.checked = now;
            row.expires = now.plus(IDLE).min(end);
            let noted = row.clone();
            self.with(move |farm| farm.within(|book| book.note_session(&noted)))
                .await?;
        }
        Ok(Some(Person {
            name: row.name,
            may_steer: row.steers,
        }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When sessions cannot be written.
    pub async fn logout(&self, cookie: &str) -> Result<(), StoreError> {
        match cookie::kept(cookie) {
            Some(hash) => self.end(hash).await,
            None => Ok(()),
        }
    }

    /// Whose script shows this, if it is a token.
    ///
    /// # Errors
    /// When tokens cannot be read or written.
    pub async fn bearer(&self, token: &str) -> Result<Option<Person>, StoreError> {
        let Some(hash) = token::kept(token) else {
            return Ok(None);
        };
        let now = (self.clock)();
        let row: Option<TokenRow> = self
            .with(move |farm| {
                let row = farm.look(|book| book.token(&hash))?;
                let is_due = |row: &TokenRow| match row.used {
                    Some(used) => now.since(used) >= MINUTE,
                    None => true,
                };
                if let Some(row) = row.as_ref().filter(|row| is_due(row)) {
                    farm.within(|book| book.note_token(&row.name, now))?;
                }
                Ok(row)
            })
            .await?;
        Ok(row.map(|row| Person {
            name: format!("token {}", row.name),
            may_steer: row.scope == Scope::Steer,
        }))
    }

    /// What the forms of a session carry.
    pub fn csrf(&self, cookie: &str) -> String {
        cookie::csrf(cookie)
    }

    /// Whether a form carries what the forms of this session do.
    pub fn csrf_is_right(&self, cookie: &str, carried: &str) -> bool {
        cookie::csrf_is_right(cookie, carried)
    }

    /// Whether somebody may be logged in: to steer, or to look where that takes a login.
    fn lets_in(&self, known: &Known) -> bool {
        known.lacks.is_none() || self.readers == Readers::Users
    }

    /// Whether a password is somebody's. It takes as long where there is nobody. Nothing
    /// where too many others are asked about.
    async fn compute(&self, found: Option<&Known>, password: &str) -> Option<bool> {
        let written = found.and_then(|known| Hash::parse(&known.hash).map(|hash| (known, hash)));
        let (hash, is_somebodys) = match written {
            Some((known, hash)) => {
                locked(&self.usual).clone_from(&known.hash);
                (hash, true)
            }
            None => (Hash::parse(&locked(&self.usual))?, false),
        };
        let waiting = Arc::clone(&self.computing).acquire_owned();
        let place = tokio::time::timeout(PATIENCE, waiting).await.ok()?.ok()?;
        let password = password.to_owned();
        let computed = tokio::task::spawn_blocking(move || {
            // Held until it is computed, even when whoever asked is gone.
            let _place = place;
            hash.is_of(&password)
        });
        computed.await.ok().map(|is_right| is_right && is_somebodys)
    }

    async fn begin(&self, known: Known) -> Result<Session, Refused> {
        let now = (self.clock)();
        let word = cookie::new_word();
        let row = SessionRow {
            hash: cookie::hashed(&word),
            proof: proof(&known),
            steers: known.lacks.is_none(),
            made: now,
            checked: now,
            expires: now.plus(IDLE),
            name: known.name,
        };
        let person = Person {
            name: row.name.clone(),
            may_steer: row.steers,
        };
        self.with(move |farm| {
            farm.within(|book| {
                book.forget_sessions(now)?;
                book.add_session(&row)
            })
        })
        .await?;
        Ok(Session {
            cookie: word,
            person,
            ends: now.plus(LIFE),
        })
    }

    async fn end(&self, hash: String) -> Result<(), StoreError> {
        self.with(move |farm| farm.within(|book| book.end_session(&hash)))
            .await
    }

    /// Does something with what is kept, on a thread that may wait.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Farm) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let farm = Arc::clone(&self.farm);
        let done = tokio::task::spawn_blocking(move || work(&mut locked(&farm)));
        match done.await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The process is ending, and so is whoever asked.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

/// What is kept of a password to see that it is another.
fn proof(known: &Known) -> String {
    cookie::hashed(&known.hash)
}

/// Who panicked with it left it whole: each change is one.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::super::{PasswordFile, Tokens, encode};
    use super::*;
    use crate::spec::{Place, Users};

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
}
