use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use super::ask::made;
use super::{Desk, WebError};
use crate::model::{Moment, duration};
use crate::spec::Watch;
use crate::store::farm::{Book, Posted, Progress};

/// The watcher's own steps come at least so often, whatever the interval is.
const STEPS: Duration = Duration::from_secs(60);

/// Whether a farm is well.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Health {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// What is.
    pub wrong: Vec<String>,
    /// When the watcher last did something.
    pub step: Option<Moment>,
    /// When the repository that has been silent longest last answered.
    pub poll: Option<Moment>,
    /// When the oldest waiting request was made.
    pub oldest: Option<Moment>,
    /// Notices that nobody has taken yet.
    pub unsent: usize,
    /// Notices that nobody will.
    pub dead: usize,
}

impl Health {
    /// How a farm is now. A part that has stood still for two intervals is not well.
    pub fn read(book: &Book<'_>, watch: &Watch, now: Moment) -> Result<Self, WebError> {
        let mut wrong = Vec::new();
        let beats = book.beats()?;
        let step = beats.iter().find(|beat| beat.part == "scheduler");
        let step = step.map(|beat| beat.at);
        let late = (watch.interval * 2).max(STEPS);
        let ago = |at: Moment| duration(now.since(at).as_secs_f64());
        match step {
            None => wrong.push("nobody watches".to_owned()),
            Some(at) if now.since(at) > late => {
                wrong.push(format!("the watcher has stood still for {}", ago(at)));
            }
            Some(_) => {}
        }
        let mut polls = Vec::new();
        for place in watch.places() {
            let row = book.repository(&place)?;
            match row.good {
                Some(at) if now.since(at) <= late => {}
                Some(at) => wrong.push(format!("{place} has not answered for {}", ago(at))),
                None if row.failures > 0 => wrong.push(format!("{place} has never answered")),
                None => {}
            }
            polls.push(row.good);
        }
        let open = book.open_requests()?;
        let waiting = open.iter().filter(|one| one.progress == Progress::Waiting);
        let unsent = book.unsent_notices()?;
        let dead = unsent
            .iter()
            .filter(|row| row.posted == Posted::Dead)
            .count();
        Ok(Self {
            ok: wrong.is_empty(),
            wrong,
            step,
            poll: polls.into_iter().min().flatten(),
            oldest: waiting.map(|request| request.made).min(),
            unsent: unsent.len() - dead,
            dead,
        })
    }
}

/// Whether all is well, by its status too.
pub async fn healthz(State(desk): State<Arc<Desk>>) -> Response<Body> {
    let made = made(desk, BTreeMap::new(), BTreeMap::new(), |ask| {
        let orders = ask.desk.orders();
        let watch = &orders.watch;
        ask.look(|book| Health::read(book, watch, ask.now))
    });
    let (status, body) = match made.await {
        Ok(health) => (
            if health.ok {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            },
            serde_json::to_string(&health).unwrap_or_default(),
        ),
        Err(error) => (
            StatusCode::SERVICE_UNAVAILABLE,
            serde_json::json!({ "ok": false, "wrong": [error.to_string()] }).to_string(),
        ),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    response
}
