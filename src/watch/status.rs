use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::claim::obstacles;
use super::hunts::hunts;
use super::{Calendar, HuntStatus, Other, WatchError, WrongFile};
use crate::model::Moment;
use crate::run::Home;
use crate::spec::{Trigger, Watch};
use crate::store::farm::{Book, Colour, Posted, Progress, QueuedRequest};

/// How a farm stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// When this was so, in milliseconds since 1970-01-01 UTC, as all times here.
    pub at: Moment,
    /// Who watches, if anybody does.
    pub watcher: Option<String>,
    /// When a watcher last gave a sign of life; none where it has left or never came.
    pub beat: Option<Moment>,
    /// What is wrong with the watcher's file, where it goes by what that said before.
    pub wrong_file: Option<String>,
    /// Repositories.
    pub repositories: Vec<RepositoryStatus>,
    /// Branches.
    pub branches: Vec<BranchStatus>,
    /// Schedulers that a clock sets off.
    pub schedulers: Vec<SchedulerStatus>,
    /// What is being carried out.
    pub running: Vec<RequestStatus>,
    /// What waits, those that go first first.
    pub waiting: Vec<RequestStatus>,
    /// Searches for commits that broke cells, those that go on first, and those that
    /// ended of late.
    pub hunts: Vec<HuntStatus>,
    /// What is paused.
    pub paused: Vec<String>,
    /// Notices that nobody has taken yet.
    pub unsent: usize,
    /// Notices that nobody will, by number.
    pub dead: Vec<i64>,
    /// Both of these that were tried, and what came of it.
    pub refused: Vec<Refused>,
}

/// A notice that was not taken when it was last tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// Its number.
    pub notice: i64,
    /// Who did not take it.
    pub receiver: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next; nothing where it is not.
    pub next: Option<Moment>,
    /// Why it was not taken.
    pub trouble: String,
}

/// How a repository answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RepositoryStatus {
    /// Its URL, without secrets.
    pub place: String,
    /// When it last answered.
    pub good: Option<Moment>,
    /// When it is asked next.
    pub next: Moment,
    /// What was wrong last time, if it was.
    pub trouble: Option<String>,
}

/// How a branch stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BranchStatus {
    /// Its name.
    pub branch: String,
    /// The commit it is at.
    pub revision: String,
    /// Cells that are green.
    pub green: usize,
    /// Cells that are red, by name.
    pub red: Vec<String>,
    /// Since when there is a red one.
    pub red_since: Option<Moment>,
    /// The run that judged it last.
    pub last_run: Option<String>,
    /// Why it cannot be followed, if so.
    pub trouble: Option<String>,
}

/// When a scheduler is set off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SchedulerStatus {
    /// Its name.
    pub name: String,
    /// When next.
    pub next: Option<Moment>,
    /// What it did last, or why nothing.
    pub word: Option<String>,
}

/// Where a request is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestStatus {
    /// Its number.
    pub request: i64,
    /// Its branch.
    pub branch: String,
    /// Its commit.
    pub revision: String,
    /// Who asked for it.
    pub scheduler: String,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub made: Moment,
    /// Its run, where it goes on.
    pub run: Option<String>,
    /// Why it waits, where it does.
    pub waits: Option<String>,
}

/// Looks how the farm of a state folder stands: of all repositories there are where nobody
/// says what is watched.
///
/// # Errors
/// When what a watcher keeps cannot be read.
pub fn look(home: &Home, watch: Option<&Watch>, now: Moment) -> Result<Status, WatchError> {
    let mut status = home.state.farm()?.look(|book| {
        let places = match watch {
            Some(watch) => watch.places(),
            None => book.places()?,
        };
        status(book, watch, &places, now)
    })?;
    status.add_watcher(home);
    Ok(status)
}

impl Status {
    /// Adds what the state folder says of whoever watches.
    pub fn add_watcher(&mut self, home: &Home) {
        self.watcher = Other::find(home).map(|other| other.0);
        self.wrong_file = WrongFile::of(home).read();
    }
}

/// Reads how a farm stands.
///
/// # Errors
/// When what a watcher keeps cannot be read.
pub fn status(
    book: &Book<'_>,
    watch: Option<&Watch>,
    places: &[String],
    now: Moment,
) -> Result<Status, WatchError> {
    let beats = book.beats()?;
    let beat = beats.iter().find(|beat| beat.part == "scheduler");
    let standings = book.standings()?;
    let (mut repositories, mut branches) = (Vec::new(), Vec::new());
    for place in places {
        let row = book.repository(place)?;
        repositories.push(RepositoryStatus {
            place: row.place,
            good: row.good,
            next: row.next,
            trouble: row.trouble,
        });
        for branch in book.branches(place)? {
            if branch.gone.is_some() {
                continue;
            }
            let own = standings
                .iter()
                .filter(|one| one.repository == *place && one.branch == branch.name);
            let (red, green): (Vec<_>, Vec<_>) = own.partition(|one| one.colour == Colour::Red);
            let all = red.iter().chain(&green);
            branches.push(BranchStatus {
                green: green.len(),
                red: red.iter().map(|one| one.cell.clone()).collect(),
                red_since: red.iter().map(|one| one.since).min(),
                last_run: all
                    .max_by_key(|one| one.position)
                    .map(|one| one.run.to_string()),
                branch: branch.name,
                revision: branch.tip,
                trouble: branch.trouble,
            });
        }
    }
    let mut schedulers = Vec::new();
    for scheduler in watch.into_iter().flat_map(|watch| &watch.schedulers) {
        if let Trigger::Cron(cron) = &scheduler.trigger {
            let next = Calendar::new(cron)?.next_after(now);
            schedulers.push(SchedulerStatus {
                name: scheduler.name.clone(),
                next: next.map(|(_, at)| at),
                word: book.scheduler_word(&scheduler.name)?,
            });
        }
    }
    let mut running = Vec::new();
    for request in book.open_requests()? {
        if request.progress == Progress::Running {
            let attempts = book.attempts(request.id)?;
            let run = attempts.last().and_then(|attempt| attempt.run.clone());
            let mut row = of(&request);
            row.run = run.map(|run| run.to_string());
            running.push(row);
        }
    }
    let mut waiting = Vec::new();
    for (request, obstacle) in obstacles(book, usize::from(running.is_empty()), now)? {
        let mut row = of(&request);
        row.waits =
            Some(obstacle.map_or_else(|| "it is next".to_owned(), |obstacle| obstacle.to_string()));
        waiting.push(row);
    }
    let unsent = book.unsent_notices()?;
    let is_dead = |row: &&crate::store::farm::OutboxRow| row.posted == Posted::Dead;
    let dead: Vec<i64> = unsent
        .iter()
        .filter(is_dead)
        .map(|row| row.number)
        .collect();
    let refused = unsent.iter().filter_map(|row| {
        Some(Refused {
            notice: row.number,
            receiver: row.notice.receiver.clone(),
            tries: row.tries,
            next: (row.posted == Posted::Waiting).then_some(row.next),
            trouble: row.trouble.clone()?,
        })
    });
    let pauses = book.pauses()?.into_iter();
    Ok(Status {
        at: now,
        watcher: None,
        wrong_file: None,
        beat: beat.map(|beat| beat.at),
        repositories,
        branches,
        schedulers,
        running,
        waiting,
        hunts: hunts(book, watch, places, now)?,
        paused: pauses
            .map(|pause| match pause.name.as_str() {
                "" => "everything".to_owned(),
                name => format!("{} {name}", pause.kind.as_str()),
            })
            .collect(),
        unsent: unsent.len() - dead.len(),
        dead,
        refused: refused.collect(),
    })
}

fn of(request: &QueuedRequest) -> RequestStatus {
    let asked = &request.asked;
    RequestStatus {
        request: request.id,
        branch: asked.branch.clone(),
        revision: asked.revision.clone(),
        scheduler: asked.scheduler.clone(),
        reason: asked.reason.clone(),
        made: request.made,
        run: None,
        waits: None,
    }
}
