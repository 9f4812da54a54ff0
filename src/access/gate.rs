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
/// How many are asked for at once by who is not known yet.
const ASKED: usize = 8;
/// How long others wait for a password to be computed.
const PATIENCE: Duration = Duration::from_secs(20);
/// Letters of the longest password that is read.
const LONGEST: usize = 4096;

/// Who may come in, and what they may do.
pub struct Access {
    people: Option<People>,
    readers: Readers,
    farm: Arc<Mutex<Farm>>,
    throttle: Mutex<Throttle>,
    computing: Arc<Semaphore>,
    asking: Semaphore,
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
        let people = login.map(|login| People::of(login, folder, secrets));
        let usual = people.as_ref().map_or("", People::usual_hash);
        Ok(Self {
            usual: Mutex::new(usual.to_owned()),
            people,
            readers: login.map_or(Readers::Everybody, |login| login.reading),
            farm: Arc::new(Mutex::new(state.farm()?)),
            throttle: Mutex::default(),
            computing: Arc::new(Semaphore::new(AT_ONCE)),
            asking: Semaphore::new(ASKED),
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
        let found = match self.ask(people, name).await {
            Ok(found) => found,
            Err(refused) => {
                locked(&self.throttle).take_back(name, address);
                return Err(refused);
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

    /// Somebody, by the name they typed; a flood of them reaches no database.
    async fn ask(&self, people: &People, name: &str) -> Result<Option<Known>, Refused> {
        let place = self.asking.try_acquire();
        let _place = place.map_err(|_| Refused::Busy)?;
        let found = people.find(name).await;
        found.map_err(|away| Refused::Down(away.0))
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
