use std::fmt;
use std::time::Duration;

use super::{Kind, WatchError};
use crate::model::Moment;
use crate::store::farm::{Book, Pause, PauseKind, Progress, QueuedRequest};

/// Whoever has waited so long goes before those of one priority more.
const AGEING: Duration = Duration::from_secs(3600);

/// Why a request waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// It, its branch or its scheduler is paused.
    Paused(String),
    /// Another that runs holds what it needs alone.
    Locked {
        /// What.
        lock: String,
        /// Who holds it.
        by: i64,
    },
    /// Others go first.
    Behind(i64),
    /// There is no room for another run.
    Full,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused(what) => write!(f, "{what} is paused"),
            Self::Locked { lock, by } => write!(f, "request {by} holds {lock}"),
            Self::Behind(request) => write!(f, "request {request} goes first"),
            Self::Full => f.write_str("no room for another run"),
        }
    }
}

/// A request whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// What is to be done.
    pub request: QueuedRequest,
    /// Which try it is, from 1.
    pub attempt: u32,
}

/// Takes the next request, where `room` more runs may begin. It counts as running from
/// then on.
///
/// # Errors
/// When what a watcher keeps cannot be read or written.
pub fn claim(book: &Book<'_>, room: usize, now: Moment) -> Result<Option<Claimed>, WatchError> {
    for (request, obstacle) in obstacles(book, room, now)? {
        if obstacle.is_none()
            && let Some(attempt) = book.begin_attempt(request.id, now)?
        {
            return Ok(Some(Claimed { request, attempt }));
        }
    }
    Ok(None)
}

/// The requests that wait, those that go first first, and why each waits; nothing where
/// its turn is now.
///
/// # Errors
/// When what a watcher keeps cannot be read.
pub fn obstacles(
    book: &Book<'_>,
    room: usize,
    now: Moment,
) -> Result<Vec<(QueuedRequest, Option<Obstacle>)>, WatchError> {
    let pauses = book.pauses()?;
    let locks_of = |request: &QueuedRequest| {
        let (locks, id) = (request.asked.locks.clone(), request.id);
        locks.into_iter().map(move |lock| (lock, id))
    };
    let (mut held, mut waiting): (Vec<(String, i64)>, Vec<QueuedRequest>) = Default::default();
    for request in book.open_requests()? {
        if request.progress == Progress::Running {
            held.extend(locks_of(&request));
        } else {
            waiting.push(request);
        }
    }
    waiting.sort_by_key(|request| (std::cmp::Reverse(urgency(request, now)), request.id));
    let (mut room, mut last) = (room, None);
    let mut all = Vec::new();
    for request in waiting {
        let lock = held
            .iter()
            .find(|(lock, _)| request.asked.locks.contains(lock));
        let obstacle = match (paused(&request, &pauses), lock) {
            (Some(what), _) => Some(Obstacle::Paused(what)),
            (None, Some((lock, by))) => Some(Obstacle::Locked {
                lock: lock.clone(),
                by: *by,
            }),
            (None, None) if room == 0 => Some(last.map_or(Obstacle::Full, Obstacle::Behind)),
            (None, None) => None,
        };
        if !matches!(obstacle, Some(Obstacle::Paused(_))) {
            last = Some(request.id);
        }
        if obstacle.is_none() {
            room -= 1;
            // All of its locks at once, or none: two can never wait for one another.
            held.extend(locks_of(&request));
        }
        all.push((request, obstacle));
    }
    Ok(all)
}

/// Its priority, and one more for each hour that it has waited.
fn urgency(request: &QueuedRequest, now: Moment) -> i64 {
    let hours = now.since(request.made).as_secs() / AGEING.as_secs();
    i64::from(request.asked.priority).saturating_add(i64::try_from(hours).unwrap_or(i64::MAX))
}

/// What of a request is paused. What somebody wants now goes all the same, unless
/// everything is paused.
fn paused(request: &QueuedRequest, pauses: &[Pause]) -> Option<String> {
    let is_wanted = matches!(
        Kind::of(&request.asked.kind),
        Some(Kind::Forced | Kind::Try)
    );
    let asked = &request.asked;
    pauses.iter().find_map(|pause| match pause.kind {
        PauseKind::All => Some("everything".to_owned()),
        PauseKind::Branch if !is_wanted && pause.name == asked.branch => {
            Some(format!("branch {}", pause.name))
        }
        PauseKind::Scheduler if !is_wanted && pause.name == asked.scheduler => {
            Some(format!("scheduler {}", pause.name))
        }
        _ => None,
    })
}
