//! What a watcher keeps: what it has seen, what it has requested, how cells stand,
//! whom it has to tell, and who may steer it. In one file with the index of runs, so that all of it changes
//! at once or not at all.

mod attempts;
mod beats;
mod branches;
mod changes;
mod hunts;
mod judged;
mod leaving;
mod outbox;
mod pending;
mod requests;
mod schedulers;
mod sessions;
mod standings;
mod tokens;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Params, Transaction, TransactionBehavior};

use super::{State, StoreError, schema};

pub use attempts::Attempt;
pub use beats::Beat;
pub use branches::{Branch, Repository};
pub use changes::{Change, NewChange};
pub use hunts::{Hunt, HuntState, NewHunt, Probe, Seen, Sight};
pub use judged::Judged;
pub use outbox::{NewNotice, OutboxRow, Posted};
pub use pending::Pending;
pub use requests::{Ended, NewRequest, Progress, QueuedRequest};
pub use schedulers::{Interest, Pause, PauseKind, SchedulerRow};
pub use sessions::SessionRow;
pub use standings::{Colour, Standing};
pub use tokens::{Scope, TokenRow};

/// Says of a named point whether the process dies there; for tests, which cannot pull
/// the plug of a transaction otherwise.
pub type Plug = dyn Fn(&'static str) -> bool + Send;

/// What a watcher keeps.
pub struct Farm {
    path: PathBuf,
    connection: Connection,
    plug: Option<Box<Plug>>,
}

/// All of a watcher's in one transaction.
pub struct Book<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
    plug: Option<&'a Plug>,
}

impl State {
    /// What this state's watcher keeps, made the first time.
    ///
    /// # Errors
    /// When it cannot be opened, is no database, or is a newer djbuild's.
    pub fn farm(&self) -> Result<Farm, StoreError> {
        self.prepare()?;
        Farm::open(&self.history_file())
    }

    /// Where a watcher keeps copies of the repositories it looks at.
    pub fn repositories(&self) -> PathBuf {
        self.folder().join("git")
    }
}

impl Farm {
    /// Opens it, making it the first time.
    ///
    /// # Errors
    /// When it cannot be opened, is no database, or is a newer djbuild's.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            connection: schema::open(path)?,
            path: path.to_owned(),
            plug: None,
        })
    }

    /// The same, of which the plug is pulled where this says so: what was done in the
    /// transaction is undone, as it is when a process is killed.
    #[must_use]
    pub fn plugged(mut self, plug: Box<Plug>) -> Self {
        self.plug = Some(plug);
        self
    }

    /// Does all of it or nothing, and waits for others who write first.
    ///
    /// # Errors
    /// Whatever the work has; then nothing is changed. When the file cannot be
    /// written.
    pub fn within<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Book<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let plug = self.plug.as_deref();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate);
        let book = Book {
            transaction: transaction.map_err(StoreError::index(&self.path))?,
            path: &self.path,
            plug,
        };
        let done = work(&book)?;
        book.point("before the end")?;
        let Book { transaction, .. } = book;
        transaction
            .commit()
            .map_err(StoreError::index(&self.path))?;
        if plug.is_some_and(|plug| plug("after the end")) {
            return Err(StoreError::Unplugged("after the end").into());
        }
        Ok(done)
    }

    /// Looks at one moment of it.
    ///
    /// # Errors
    /// Whatever the work has; when the file cannot be read.
    pub fn look<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Book<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Deferred);
        let book = Book {
            transaction: transaction.map_err(StoreError::index(&self.path))?,
            path: &self.path,
            plug: None,
        };
        work(&book)
    }

    /// A number that is another when another connection has changed something.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn version(&self) -> Result<i64, StoreError> {
        self.connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(StoreError::index(&self.path))
    }
}

impl Book<'_> {
    /// Changes rows, and says how many; the plug may be pulled before and after.
    fn write(
        &self,
        point: &'static str,
        query: &str,
        values: impl Params,
    ) -> Result<usize, StoreError> {
        self.point(point)?;
        let changed = self
            .transaction
            .prepare_cached(query)
            .and_then(|mut query| query.execute(values))
            .map_err(self.error())?;
        self.point(point)?;
        Ok(changed)
    }

    /// All rows of an answer.
    fn rows<T>(
        &self,
        query: &str,
        values: impl Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let all = || {
            let mut query = self.transaction.prepare_cached(query)?;
            query
                .query_map(values, read)?
                .collect::<rusqlite::Result<Vec<T>>>()
        };
        all().map_err(self.error())
    }

    /// The only row of an answer, if it has one.
    fn row<T>(
        &self,
        query: &str,
        values: impl Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.rows(query, values, read)?.into_iter().next())
    }

    fn last_id(&self) -> i64 {
        self.transaction.last_insert_rowid()
    }

    fn point(&self, name: &'static str) -> Result<(), StoreError> {
        match self.plug {
            Some(plug) if plug(name) => Err(StoreError::Unplugged(name)),
            _ => Ok(()),
        }
    }

    fn error(&self) -> impl FnOnce(rusqlite::Error) -> StoreError {
        StoreError::index(self.path)
    }
}

/// A column that holds JSON; what cannot be read is as if it were not there.
fn json<T: serde::de::DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}

/// A column of words as JSON.
fn words(words: &[String]) -> String {
    serde_json::Value::from(words.to_vec()).to_string()
}
