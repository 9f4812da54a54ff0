use rusqlite::{Row, params};

use super::{Book, StoreError, json, words};
use crate::model::Moment;

/// Where a request is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It waits for its turn.
    Waiting,
    /// It is being carried out.
    Running,
    /// It is over.
    Ended(Ended),
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Moment,
    /// A run's outcome, or `superseded`, `unneeded`, `cancelled`.
    pub outcome: String,
    /// Why, for people.
    pub word: String,
    /// The request that stands for it now.
    pub superseded: Option<i64>,
}

/// Something to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRequest {
    /// The repository.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// The commit.
    pub revision: String,
    /// Who asks.
    pub scheduler: String,
    /// Why, as a key: the same thing is asked for once for each.
    pub cause: String,
    /// `commit`, `cron`, `after`, `forced`, `try` or `bisect`.
    pub kind: String,
    /// The place of the commit in the order of its branch.
    pub position: i64,
    /// What is to be done, as JSON.
    pub job: String,
    /// What goes first: what has more.
    pub priority: i32,
    /// What no two running requests hold at once, sorted.
    pub locks: Vec<String>,
    /// Who wants it, where that is a person.
    pub who: String,
    /// Why, in words.
    pub reason: String,
}

/// A request that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedRequest {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub asked: NewRequest,
    /// When it was made.
    pub made: Moment,
    /// Where it is.
    pub progress: Progress,
    /// Why it is to end, if it is.
    pub cancel: Option<String>,
}

const REQUEST: &str = "SELECT id, repository, branch, revision, scheduler, cause, kind, position,
    job, priority, locks, who, reason, made, state, cancel, ended, outcome, word, superseded
    FROM request";

impl Book<'_> {
    /// Makes a request, unless it was made before.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_request(&self, new: &NewRequest, now: Moment) -> Result<Option<i64>, StoreError> {
        let added = self.write(
            "request",
            "INSERT OR IGNORE INTO request VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
             ?11, ?12, ?13, 'waiting', NULL, NULL, NULL, NULL, NULL, 0)",
            params![
                new.repository,
                new.branch,
                new.revision,
                new.scheduler,
                new.cause,
                new.kind,
                new.position,
                new.job,
                new.priority,
                words(&new.locks),
                new.who,
                new.reason,
                now.0
            ],
        )?;
        Ok((added > 0).then(|| self.last_id()))
    }

    /// Has a request stand for a change.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn cover(&self, request: i64, change: i64) -> Result<(), StoreError> {
        self.write(
            "cover",
            "INSERT OR IGNORE INTO covers VALUES (?1, ?2)",
            [request, change],
        )?;
        Ok(())
    }

    /// The requests that have not ended, in the order they were made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open_requests(&self) -> Result<Vec<QueuedRequest>, StoreError> {
        self.rows(
            &format!("{REQUEST} WHERE state IN ('waiting', 'running') ORDER BY id"),
            [],
            request,
        )
    }

    /// The last requests that have ended, the latest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ended_requests(&self, limit: u32) -> Result<Vec<QueuedRequest>, StoreError> {
        self.rows(
            &format!("{REQUEST} WHERE state = 'ended' ORDER BY ended DESC, id DESC LIMIT ?1"),
            [limit],
            request,
        )
    }

    /// The requests that have ended and have not been followed by what comes after them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn unfollowed(&self) -> Result<Vec<QueuedRequest>, StoreError> {
        self.rows(
            &format!("{REQUEST} WHERE state = 'ended' AND followed = 0 ORDER BY id"),
            [],
            request,
        )
    }

    /// Notes that what comes after a request was seen to.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_followed(&self, id: i64) -> Result<(), StoreError> {
        self.write(
            "followed",
            "UPDATE request SET followed = 1 WHERE id = ?1",
            [id],
        )?;
        Ok(())
    }

    /// A request.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn request(&self, id: i64) -> Result<Option<QueuedRequest>, StoreError> {
        self.row(&format!("{REQUEST} WHERE id = ?1"), [id], request)
    }

    /// All requests there are, for whoever checks them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn all_requests(&self) -> Result<Vec<QueuedRequest>, StoreError> {
        self.rows(&format!("{REQUEST} ORDER BY id"), [], request)
    }

    /// Has a request wait again that was being carried out.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn wait_again(&self, id: i64) -> Result<(), StoreError> {
        self.write(
            "waits again",
            "UPDATE request SET state = 'waiting' WHERE id = ?1 AND state = 'running'",
            [id],
        )?;
        Ok(())
    }

    /// Ends a request; `false` where it had ended already.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end_request(&self, id: i64, ended: &Ended) -> Result<bool, StoreError> {
        let changed = self.write(
            "request ended",
            "UPDATE request SET state = 'ended', ended = ?2, outcome = ?3, word = ?4,
             superseded = ?5 WHERE id = ?1 AND state <> 'ended'",
            params![id, ended.at.0, ended.outcome, ended.word, ended.superseded],
        )?;
        Ok(changed > 0)
    }

    /// Asks a request that is being carried out to end.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn ask_to_end(&self, id: i64, why: &str) -> Result<(), StoreError> {
        self.write(
            "asked to end",
            "UPDATE request SET cancel = ?2 WHERE id = ?1 AND state = 'running'
             AND cancel IS NULL",
            params![id, why],
        )?;
        Ok(())
    }
}

fn request(row: &Row<'_>) -> rusqlite::Result<QueuedRequest> {
    let text = |index| row.get::<_, String>(index);
    let progress = match text(14)?.as_str() {
        "waiting" => Progress::Waiting,
        "running" => Progress::Running,
        _ => Progress::Ended(Ended {
            at: Moment(row.get::<_, Option<i64>>(16)?.unwrap_or_default()),
            outcome: row.get::<_, Option<String>>(17)?.unwrap_or_default(),
            word: row.get::<_, Option<String>>(18)?.unwrap_or_default(),
            superseded: row.get(19)?,
        }),
    };
    Ok(QueuedRequest {
        id: row.get(0)?,
        asked: NewRequest {
            repository: text(1)?,
            branch: text(2)?,
            revision: text(3)?,
            scheduler: text(4)?,
            cause: text(5)?,
            kind: text(6)?,
            position: row.get(7)?,
            job: text(8)?,
            priority: row.get(9)?,
            locks: json(&text(10)?),
            who: text(11)?,
            reason: text(12)?,
        },
        made: Moment(row.get(13)?),
        progress,
        cancel: row.get(15)?,
    })
}
