use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use super::past::Commit;
use super::queue::EndedRow;
use crate::model::Moment;
use crate::store::farm::Progress;
use crate::watch::obstacles;
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;

/// A request, with what it stands for and what became of it.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "request.html")]
pub struct RequestPage {
    /// When this was so.
    pub at: Moment,
    /// Its number.
    pub request: i64,
    /// Its repository.
    pub repository: String,
    /// Its branch.
    pub branch: String,
    /// Its commit.
    pub revision: String,
    /// Who asked for it.
    pub scheduler: String,
    /// The person, where it was one.
    pub who: String,
    /// Why.
    pub reason: String,
    /// The key of why: the same is asked for once for each.
    pub cause: String,
    /// `commit`, `cron`, `after`, `forced`, `try` or `bisect`.
    pub kind: String,
    /// What goes first: what has more.
    pub priority: i32,
    /// What no other that runs may hold at once.
    pub locks: Vec<String>,
    /// When it was made.
    pub made: Moment,
    /// `waiting`, `running` or `ended`.
    pub state: String,
    /// Why it waits, where it does.
    pub waits: Option<String>,
    /// How it ended, if it has.
    pub ended: Option<EndedRow>,
    /// What was tried.
    pub attempts: Vec<AttemptRow>,
    /// Commits it stands for, in order.
    pub covers: Vec<Commit>,
}

/// An attempt at it.
#[derive(Serialize, JsonSchema)]
pub struct AttemptRow {
    /// From 1 on.
    pub number: u32,
    /// Its run, where it came so far.
    pub run: Option<String>,
    /// When it began.
    pub began: Moment,
    /// How it ended.
    pub outcome: Option<String>,
}

impl View for RequestPage {
    const PATH: &'static str = "/requests/{request}";
    const ABOUT: &'static str = "A request, what it stands for and what became of it";

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let orders = ask.desk.orders();
        let missing = || WebError::Missing(format!("there is no request {}", ask.part("request")));
        let id: i64 = ask.part("request").parse().map_err(|_| missing())?;
        ask.look(|book| {
            let request = book.request(id)?.ok_or_else(missing)?;
            let waits = match request.progress {
                Progress::Waiting => {
                    let all = obstacles(book, 1, ask.now)?;
                    let own = all.into_iter().find(|(other, _)| other.id == id);
                    own.map(|(_, why)| {
                        why.map_or_else(|| "it is next".to_owned(), |why| why.to_string())
                    })
                }
                _ => None,
            };
            let attempts = book.attempts(id)?.into_iter();
            let covers = book.covered(id)?;
            let ended = EndedRow::of(&request);
            let asked = request.asked;
            Ok(Self {
                at: ask.now,
                request: id,
                repository: asked.repository,
                branch: asked.branch,
                revision: asked.revision,
                scheduler: asked.scheduler,
                who: asked.who,
                reason: asked.reason,
                cause: asked.cause,
                kind: asked.kind,
                priority: asked.priority,
                locks: asked.locks,
                made: request.made,
                state: match request.progress {
                    Progress::Waiting => "waiting",
                    Progress::Running => "running",
                    Progress::Ended(_) => "ended",
                }
                .to_owned(),
                waits,
                ended,
                attempts: attempts
                    .map(|attempt| AttemptRow {
                        number: attempt.number,
                        run: attempt.run.map(|run| run.to_string()),
                        began: attempt.began,
                        outcome: attempt.outcome,
                    })
                    .collect(),
                covers: covers
                    .iter()
                    .map(|change| Commit::of(change, &orders.watch.links))
                    .collect(),
            })
        })
    }

    fn title(&self) -> String {
        format!("Request {}", self.request)
    }
}
