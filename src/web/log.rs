use std::collections::{BTreeMap, VecDeque};
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
use super::{Desk, WebError, ansi, words};
use crate::event::Event;
use crate::model::{CellName, RunId};
use crate::report::{Style, log_line};

/// So many lines are on a page.
const LINES: usize = 1000;
/// So many of them stand before the first failure.
const BEFORE: usize = 100;
/// What is sent at once, about.
const PIECE: usize = 16 * 1024;
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

/// Where a page of a log begins.
#[derive(Debug, Clone)]
enum Begin {
    /// At a line.
    At(usize),
    /// Some lines before the first failure.
    Failure,
    /// So that it ends where the log does.
    End,
    /// Lines that have this in them.
    Search(String),
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

/// Whoever reads may have gone.
fn send(sender: &mpsc::Sender<Bytes>, piece: &mut String) -> ControlFlow<()> {
    let piece = Bytes::from(std::mem::take(piece));
    if piece.is_empty() || sender.blocking_send(piece).is_ok() {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

/// The lines of a log that are shown.
struct Window {
    begin: Begin,
    /// The address of the page, for numbers of lines to link to.
    address: String,
    sender: mpsc::Sender<Bytes>,
    /// Lines seen.
    seen: usize,
    /// Lines shown.
    shown: usize,
    /// Lines that are held back until it is clear whether they are shown.
    held: VecDeque<(usize, String, bool)>,
    /// Whether lines are shown as they come.
    is_open: bool,
    /// Whether there is more behind.
    has_more: bool,
    piece: String,
}

impl Window {
    fn new(begin: Begin, address: String, sender: mpsc::Sender<Bytes>) -> Self {
        Self {
            begin,
            address,
            sender,
            seen: 0,
            shown: 0,
            held: VecDeque::new(),
            is_open: false,
            has_more: false,
            piece: String::new(),
        }
    }

    fn take(&mut self, lines: &[String], is_bad: bool) -> ControlFlow<()> {
        for (index, line) in lines.iter().enumerate() {
            self.seen += 1;
            if self.shown >= LINES {
                self.has_more = true;
                return ControlFlow::Break(());
            }
            let is_mark = is_bad && index == 0;
            let keep = match &self.begin {
                Begin::At(from) => {
                    self.is_open |= self.seen >= *from;
                    0
                }
                Begin::Failure => {
                    self.is_open |= is_mark;
                    BEFORE
                }
                Begin::End => LINES,
                Begin::Search(word) => {
                    self.is_open = line.to_lowercase().contains(word.as_str());
                    0
                }
            };
            if self.is_open {
                for (number, line, is_mark) in std::mem::take(&mut self.held) {
                    self.show(number, &line, is_mark);
                }
                self.show(self.seen, line, is_mark);
            } else {
                self.held.push_back((self.seen, line.clone(), is_mark));
                if self.held.len() > keep {
                    self.held.pop_front();
                }
            }
        }
        if self.piece.len() < PIECE {
            return ControlFlow::Continue(());
        }
        send(&self.sender, &mut self.piece)
    }

    fn show(&mut self, number: usize, line: &str, is_mark: bool) {
        // What is found is linked to where it stands among the others.
        let href = match self.begin {
            Begin::Search(_) => {
                let from = number.saturating_sub(BEFORE).max(1);
                format!("{}?from={from}#L{number}", self.address)
            }
            _ => format!("#L{number}"),
        };
        let mark = if is_mark { " class=\"mark\"" } else { "" };
        self.piece.push_str(&format!(
            "<span id=\"L{number}\"{mark}><a href=\"{href}\">{number}</a> {line}\n</span>"
        ));
        self.shown += 1;
    }

    /// Shows what was held back, and how to go on.
    fn end(&mut self, error: Option<String>, foot: &str) {
        let held = std::mem::take(&mut self.held);
        // Where no failure was found among the lines, its beginning would be hidden.
        let is_lost = !self.is_open && matches!(self.begin, Begin::End | Begin::Failure);
        let first = held.front().map_or(self.seen, |(number, _, _)| *number);
        if is_lost {
            for (number, line, is_mark) in held {
                self.show(number, &line, is_mark);
            }
        }
        let mut links = Vec::new();
        if is_lost && first > 1 {
            let from = first.saturating_sub(LINES).max(1);
            links.push(format!(
                "<a href=\"{}?from={from}\">earlier lines</a>",
                self.address
            ));
        }
        if self.has_more && !matches!(self.begin, Begin::Search(_)) {
            links.push(format!(
                "<a href=\"{}?from={}\">more lines</a>",
                self.address, self.seen
            ));
            links.push(format!("<a href=\"{}?from=end\">the end</a>", self.address));
        }
        let said = match (error, self.seen, self.shown) {
            (Some(error), _, _) => words::escaped(&error),
            (None, 0, _) => "Nothing was written to this log.".to_owned(),
            (None, _, 0) => "No line is like that.".to_owned(),
            _ => String::new(),
        };
        let piece = std::mem::take(&mut self.piece);
        let links = links.join(" · ");
        let mut end = format!("{piece}</pre><p>{said} {links}</p>{foot}");
        let _ = send(&self.sender, &mut end);
    }
}
