use std::collections::VecDeque;
use std::ops::ControlFlow;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::words;

/// So many lines are on a page.
const LINES: usize = 1000;
/// So many of them stand before the first failure.
const BEFORE: usize = 100;
/// What is sent at once, about.
pub const PIECE: usize = 16 * 1024;
/// Where a page of a log begins.
#[derive(Debug, Clone)]
pub enum Begin {
    /// At a line.
    At(usize),
    /// Some lines before the first failure.
    Failure,
    /// So that it ends where the log does.
    End,
    /// Lines that have this in them.
    Search(String),
}

/// Whoever reads may have gone.
pub fn send(sender: &mpsc::Sender<Bytes>, piece: &mut String) -> ControlFlow<()> {
    let piece = Bytes::from(std::mem::take(piece));
    if piece.is_empty() || sender.blocking_send(piece).is_ok() {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

/// The lines of a log that are shown.
pub struct Window {
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
    /// Nothing is shown yet; numbers of lines link to this address.
    pub fn new(begin: Begin, address: String, sender: mpsc::Sender<Bytes>) -> Self {
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

    /// Takes some more lines, of a failure or not, until no more are wanted.
    pub fn take(&mut self, lines: &[String], is_bad: bool) -> ControlFlow<()> {
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
    pub fn end(&mut self, error: Option<String>, foot: &str) {
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
