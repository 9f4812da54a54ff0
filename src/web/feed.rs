use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, Response};

use super::answer::{fresh, problem_page};
use super::ask::made;
use super::view::RunRow;
use super::visitor::Visitor;
use super::words::clock;
use super::{Desk, WebError};
use crate::model::Moment;
use crate::store::Wanted;

const ENTRIES: usize = 40;

/// The last runs as an Atom feed.
#[derive(Template)]
#[template(path = "atom.xml")]
struct Feed {
    name: String,
    home: String,
    runs: Vec<RunRow>,
}

impl Feed {
    /// When something new came last: a feed in which nothing is new has not been updated.
    fn updated(&self) -> String {
        clock(self.runs.iter().map(ended).max().unwrap_or(Moment(0)))
    }

    fn at(run: &RunRow) -> String {
        clock(ended(run))
    }
}

/// The runs that have ended; of a branch with `?branch=`, with one outcome with `?outcome=`.
pub async fn feed(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    Query(query): Query<BTreeMap<String, String>>,
    asked: HeaderMap,
) -> Response<Body> {
    let made = made(Arc::clone(&desk), BTreeMap::new(), query, |ask| {
        let is_branch = |word: &str| ask.word("branch").is_none_or(|branch| branch == word);
        let past = ask.state().history(&Wanted {
            branch: ask.word("branch").is_some().then_some(&is_branch),
            outcome: ask.word("outcome"),
            limit: Some(ENTRIES),
            ..Wanted::default()
        })?;
        let runs = past.into_iter().map(RunRow::of);
        let runs: Vec<RunRow> = runs.filter(|run| run.seconds.is_some()).collect();
        let page = &ask.desk.page;
        let feed = Feed {
            name: page.name.clone(),
            home: page
                .url
                .clone()
                .unwrap_or_else(|| format!("http://{}", page.listen)),
            runs,
        };
        feed.render().map_err(|_| WebError::Bug)
    });
    match made.await {
        Ok(xml) => fresh("application/atom+xml; charset=utf-8", xml, &asked),
        Err(error) => problem_page(&desk, &visitor, "atom.xml", &error),
    }
}

fn ended(run: &RunRow) -> Moment {
    let seconds = run.seconds.unwrap_or_default().clamp(0.0, 1e9);
    run.began.plus(std::time::Duration::from_secs_f64(seconds))
}
