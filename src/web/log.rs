use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{Response, header};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::answer::{page_at, problem_page};
use super::ask::{Ask, made};
use super::view::find_cell;
use super::visitor::Visitor;
use super::window::{Begin, PIECE, Window, send};
use super::{Desk, WebError, ansi, words};
use crate::event::Event;
use crate::model::{CellName, RunId};
use crate::report::{Style, log_line};

/// Between the two halves of a page; no text has it.
const HERE: &str = "\u{0}here\u{0}";

/// What stands above and below the lines of a log.
#[derive(Template)]
#[template(path = "log.html")]
struct Frame<'a> {
    prefix: &'a str,
    run: &'a str,
    cell: &'a str,
    outcome: &'a str,
    search: &'a str,
    is_running: bool,
    here: &'a str,
}

/// A log as a page: its lines are sent while they are read, however many there are.
pub async fn page(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path(path): Path<BTreeMap<String, String>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response<Body> {
    let asks = visitor.clone();
    let made = made(Arc::clone(&desk), path, query, move |ask| {
        let (run, name, cell, _) = find_cell(&ask)?;
        let is_running = cell.outcome.is_none();
        let begin = begin(&ask, is_running, cell.counts.bad() > 0)?;
        let outcome = match cell.outcome {
            Some(outcome) => outcome.as_str(),
            None => "running",
        };
        let frame = Frame {
            prefix: ask.desk.page.prefix(),
            run: run.as_str(),
            cell: name.as_str(),
            outcome,
            search: ask.word("q").unwrap_or_default(),
            is_running,
            here: HERE,
        };
        let main = frame.render().map_err(|_| WebError::Bug)?;
        let own = format!("runs/{run}/log/{}", words::path(name.as_str()));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&ask.query);
        let base = format!("{}/{own}?{}", ask.desk.page.prefix(), query.finish());
        let title = format!("Log of {name}");
        let whole = page_at(&ask.desk, &asks, (&own, &base), &title, &main);
        Ok((run, name, begin, whole, own))
    });
    let (run, name, begin, whole, own) = match made.await {
        Ok(made) => made,
        Err(error) => return problem_page(&desk, &visitor, "", &error),
    };
    let (head, foot) = whole.split_once(HERE).unwrap_or((&whole, ""));
    let (head, foot) = (Bytes::from(head.to_owned()), foot.to_owned());
    let address = format!("{}/{own}", desk.page.prefix());
    stream("text/html; charset=utf-8", head, move |sender| {
        let mut window = Window::new(begin, address, sender);
        let read =
            desk.home
                .state
                .each_until(&run, &name, |envelope| match html_of(&envelope.event) {
                    Some((lines, is_bad)) => window.take(&lines, is_bad),
                    None => ControlFlow::Continue(()),
                });
        window.end(read.err().map(|error| error.to_string()), &foot);
    })
}

/// A log as it was written.
pub async fn raw(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path(path): Path<BTreeMap<String, String>>,
) -> Response<Body> {
    let made = made(Arc::clone(&desk), path, BTreeMap::new(), |ask| {
        let (run, name, _, _): (RunId, CellName, _, _) = find_cell(&ask)?;
        Ok((run, name))
    });
    let (run, name) = match made.await {
        Ok(found) => found,
        Err(error) => return problem_page(&desk, &visitor, "", &error),
    };
    stream("text/plain; charset=utf-8", Bytes::new(), move |sender| {
        let mut piece = String::new();
        let _ = desk.home.state.each_until(&run, &name, |envelope| {
            let line = match &envelope.event {
                Event::CellLog { line, .. } => Some(line.clone()),
                event => log_line(event, Style::Plain),
            };
            if let Some(line) = line {
                piece.push_str(&line);
                piece.push('\n');
            }
            if piece.len() < PIECE {
                return ControlFlow::Continue(());
            }
            send(&sender, &mut piece)
        });
        let _ = send(&sender, &mut piece);
    })
}

fn begin(ask: &Ask, is_running: bool, is_bad: bool) -> Result<Begin, WebError> {
    if let Some(search) = ask.word("q") {
        return Ok(Begin::Search(search.to_lowercase()));
    }
    if let Some(from) = ask.word("from") {
        if from == "end" {
            return Ok(Begin::End);
        }
        let line: usize = from
            .parse()
            .map_err(|_| WebError::Wrong(format!("from={from}: a line's number, or end")))?;
        return Ok(Begin::At(line.max(1)));
    }
    Ok(match (is_running, is_bad) {
        (true, _) => Begin::End,
        (false, true) => Begin::Failure,
        (false, false) => Begin::At(1),
    })
}

/// An event's lines as HTML, and whether it is a failure.
fn html_of(event: &Event) -> Option<(Vec<String>, bool)> {
    if let Event::CellLog { line, .. } = event {
        return Some((line.lines().map(ansi::html).collect(), false));
    }
    let text = log_line(event, Style::Plain)?;
    let is_bad = matches!(event, Event::TestFinished { result, .. } if result.outcome.is_bad());
    Some((text.lines().map(words::escaped).collect(), is_bad))
}

/// A body that is sent while it is made, on a thread of its own, no faster than it is taken.
fn stream(
    kind: &'static str,
    head: Bytes,
    make: impl FnOnce(mpsc::Sender<Bytes>) + Send + 'static,
) -> Response<Body> {
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        if head.is_empty() || sender.blocking_send(head).is_ok() {
            make(sender);
        }
    });
    let pieces = ReceiverStream::new(receiver).map(Ok::<_, std::convert::Infallible>);
    let mut response = Response::new(Body::from_stream(pieces));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
