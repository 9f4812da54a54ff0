//! What a watcher writes on standard error, for people, for a journal or for programs.

use std::io::Write;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::{Map, Value};
use tokio::sync::broadcast;

use crate::cli::args::LogWord;
use crate::model::redacted;

/// So many lines are kept for those who listen and are slow.
const KEPT: usize = 1024;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

impl Level {
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// As syslog counts them, and systemd's journal.
    const fn number(self) -> u8 {
        match self {
            Self::Error => 3,
            Self::Warn => 4,
            Self::Info => 6,
            Self::Debug => 7,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Lines with times.
    Timed,
    /// Lines with levels, to which a journal adds the time.
    Journal,
    Json,
}

/// Where lines go that matter enough.
pub struct Log {
    shape: Shape,
    level: AtomicU8,
    /// All lines, whatever they matter, for those who listen.
    events: broadcast::Sender<Arc<str>>,
}

impl Log {
    /// Standard error, in this shape.
    pub fn new(word: LogWord) -> Self {
        Self {
            shape: match word {
                LogWord::Json => Shape::Json,
                LogWord::Text if is_journal() => Shape::Journal,
                LogWord::Text => Shape::Timed,
            },
            level: AtomicU8::new(Level::Info as u8),
            events: broadcast::channel(KEPT).0,
        }
    }

    /// Writes from now on what matters as much as this, or more.
    pub fn set_level(&self, word: &str) -> Result<(), String> {
        let level = Level::ALL.into_iter().find(|level| level.as_str() == word);
        let level = level.ok_or_else(|| {
            let known = Level::ALL.map(Level::as_str);
            format!("{word}: there are {}", known.join(", "))
        })?;
        self.level.store(level as u8, Ordering::Relaxed);
        Ok(())
    }

    /// What is said from now on, an object a line.
    pub fn events(&self) -> broadcast::Sender<Arc<str>> {
        self.events.clone()
    }

    /// Writes a line, with what programs want to know of it.
    pub fn say(&self, level: Level, text: &str, fields: Value) {
        let text = redacted(text);
        let event = line(Shape::Json, level, &text, fields.clone());
        // Nobody may listen.
        let _ = self.events.send(event.into());
        if level as u8 > self.level.load(Ordering::Relaxed) {
            return;
        }
        let line = line(self.shape, level, &text, fields);
        // It may be closed: then nobody is left to be told.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

fn line(shape: Shape, level: Level, text: &str, fields: Value) -> String {
    match shape {
        Shape::Timed => {
            let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S");
            format!("{now} djbuild: {text}")
        }
        Shape::Journal => {
            let lines = text.lines();
            let lines: Vec<String> = lines
                .map(|line| format!("<{}>{line}", level.number()))
                .collect();
            lines.join("\n")
        }
        Shape::Json => {
            let mut object = Map::new();
            let now = jiff::Timestamp::now();
            object.insert("ts".to_owned(), format!("{now:.3}").into());
            object.insert("level".to_owned(), level.as_str().into());
            object.insert("text".to_owned(), text.into());
            if let Value::Object(fields) = fields {
                object.insert("fields".to_owned(), Value::Object(fields));
            }
            Value::Object(object).to_string()
        }
    }
}

/// Whether standard error is systemd's journal itself, which says so by device and inode.
fn is_journal() -> bool {
    let Ok(named) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    let stderr = std::io::stderr();
    rustix::fs::fstat(stderr.as_fd())
        .is_ok_and(|stat| named == format!("{}:{}", stat.st_dev, stat.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_reads_one_object_a_line_whatever_is_said() {
        let fields = serde_json::json!({"request": 7});
        let line = line(Shape::Json, Level::Warn, "two\nlines \u{1b}[2J", fields);
        assert!(!line.contains(['\n', '\u{1b}']), "{line}");
        let read: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(read["level"], "warn");
        assert_eq!(read["text"], "two\nlines \u{1b}[2J");
        assert_eq!(read["fields"]["request"], 7);
    }

    #[test]
    fn a_journal_gets_the_level_of_each_line_and_no_time() {
        let line = line(Shape::Journal, Level::Error, "one\ntwo", Value::Null);
        assert_eq!(line, "<3>one\n<3>two");
    }
}
