use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use tokio_stream::wrappers::WatchStream;

use super::Desk;

/// A sign of life comes this often, so that who hears nothing knows that they are cut off;
/// as an event, since browsers tell pages of nothing else.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Tells of each change by a number. Who was here before says what they heard last, and is
/// told at once if that is old.
pub async fn changes(State(desk): State<Arc<Desk>>, asked: HeaderMap) -> Response {
    let last = asked.get("last-event-id");
    let last: Option<u64> = last
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let sign = Event::default().event("here").data("");
    let mut response = Sse::new(numbers(&desk, last))
        .keep_alive(KeepAlive::new().interval(HEARTBEAT).event(sign))
        .into_response();
    let headers = response.headers_mut();
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn numbers(
    desk: &Desk,
    last: Option<u64>,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    WatchStream::new(desk.pulse.follow())
        .filter(move |number| std::future::ready(Some(*number) != last))
        .map(|number| {
            let event = Event::default().event("changed").id(number.to_string());
            Ok(event.data(number.to_string()))
        })
        .take_until(desk.pulse.over().cancelled_owned())
}
