use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Moment;
use crate::store::farm::{Progress, QueuedRequest};
use crate::watch::{RequestStatus, status};
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;

/// So many requests that have ended are shown.
const ENDED: u32 = 50;

/// What is requested: what runs, what waits and why, what has ended.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "queue.html")]
pub struct Queue {
    /// When this was so.
    pub at: Moment,
    /// What is being carried out.
    pub running: Vec<RequestStatus>,
    /// What waits, those that go first first.
    pub waiting: Vec<RequestStatus>,
    /// What is paused.
    pub paused: Vec<String>,
    /// What has ended, the last first.
    pub ended: Vec<EndedRow>,
}

/// A request that has ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EndedRow {
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
    /// When it ended.
    pub ended: Moment,
    /// How: a run's outcome, or `superseded`, `unneeded`, `cancelled`.
    pub outcome: String,
    /// Why so.
    pub word: String,
    /// The request that stands for it.
    pub superseded: Option<i64>,
}

impl EndedRow {
    /// A request, if it has ended.
    pub fn of(request: &QueuedRequest) -> Option<Self> {
        let Progress::Ended(ended) = &request.progress else {
            return None;
        };
        let asked = &request.asked;
        Some(Self {
            request: request.id,
            branch: asked.branch.clone(),
            revision: asked.revision.clone(),
            scheduler: asked.scheduler.clone(),
            reason: asked.reason.clone(),
            made: request.made,
            ended: ended.at,
            outcome: ended.outcome.clone(),
            word: ended.word.clone(),
            superseded: ended.superseded,
        })
    }
}

impl View for Queue {
    const PATH: &'static str = "/queue";
    const ABOUT: &'static str = "What runs, what waits and why, and what has ended";

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let orders = ask.desk.orders();
        let watch = &orders.watch;
        ask.look(|book| {
            let status = status(book, Some(watch), &watch.places(), ask.now)?;
            let ended = book.ended_requests(ENDED)?;
            Ok(Self {
                at: ask.now,
                running: status.running,
                waiting: status.waiting,
                paused: status.paused,
                ended: ended.iter().filter_map(EndedRow::of).collect(),
            })
        })
    }

    fn title(&self) -> String {
        match self.waiting.len() {
            0 => "Queue".to_owned(),
            count => format!("Queue ({count} waiting)"),
        }
    }
}
