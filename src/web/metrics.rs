use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::ask::made;
use super::health::Health;
use super::{Desk, WebError};
use crate::model::Moment;
use crate::store::farm::{Colour, Progress};

type Labels = Vec<(&'static str, String)>;

/// Numbers for Prometheus; none of them is of a single test.
pub async fn metrics(State(desk): State<Arc<Desk>>) -> Response {
    let made = made(desk, BTreeMap::new(), BTreeMap::new(), |ask| {
        let orders = ask.desk.orders();
        let watch = &orders.watch;
        ask.look(|book| {
            let health = Health::read(book, watch, ask.now)?;
            let mut registry = Registry::with_prefix("djbuild");
            let mut gauge = |name: &str, help: &str, value: i64| {
                let gauge: Gauge = Gauge::default();
                gauge.set(value);
                registry.register(name, help, gauge);
            };
            let age = |at: Option<Moment>| {
                at.map_or(-1, |at| {
                    i64::try_from(ask.now.since(at).as_secs()).unwrap_or(-1)
                })
            };
            gauge("healthy", "Whether nothing is wrong", i64::from(health.ok));
            gauge(
                "step_age_seconds",
                "Since the watcher last did something",
                age(health.step),
            );
            gauge(
                "poll_age_seconds",
                "Since the most silent repository answered",
                age(health.poll),
            );
            gauge(
                "oldest_waiting_seconds",
                "Age of the oldest waiting request",
                age(health.oldest),
            );
            gauge(
                "notices_unsent",
                "Notices nobody has taken yet",
                count(health.unsent),
            );
            gauge(
                "notices_dead",
                "Notices nobody will take",
                count(health.dead),
            );
            let open = book.open_requests()?;
            let running = open
                .iter()
                .filter(|one| one.progress == Progress::Running)
                .count();
            gauge(
                "requests_running",
                "Requests being carried out",
                count(running),
            );
            gauge(
                "requests_waiting",
                "Requests that wait",
                count(open.len() - running),
            );
            let cells = Family::<Labels, Gauge>::default();
            for standing in book.standings()? {
                let state = match standing.colour {
                    Colour::Green => "green",
                    Colour::Red => "red",
                };
                let labels = vec![("branch", standing.branch), ("state", state.to_owned())];
                cells.get_or_create(&labels).inc();
            }
            registry.register("cells", "Cells by branch and how they stand", cells);
            let mut text = String::new();
            encode(&mut text, &registry).map_err(|_| WebError::Bug)?;
            Ok(text)
        })
    });
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match made.await {
        Ok(text) => ([("content-type", kind)], text).into_response(),
        Err(error) => (
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            error.to_string(),
        )
            .into_response(),
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
