//! What templates call: times, outcomes and addresses as HTML. Whatever comes from outside
//! is escaped here or given back as plain text.

#![allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "templates hand everything on by reference"
)]

use std::fmt;

use askama::filters::Escaper;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::{Moment, duration, printable};

/// What stands for itself in the path of an address; cells' names have slashes.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// A part of an address.
pub fn path(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// Text without what a terminal or a browser would act on.
pub fn plain(text: &str) -> String {
    printable(text).into_owned()
}

/// Text as HTML.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 8);
    // Writing to a String cannot fail.
    let _ = Shown.write_escaped_str(&mut html, text);
    html
}

/// How templates write text that is not said to be HTML: nothing of it is obeyed, neither
/// by a browser nor by whoever copies it into a terminal.
#[derive(Debug, Clone, Copy)]
pub struct Shown;

impl Escaper for Shown {
    fn write_escaped_str<W: fmt::Write>(&self, mut html: W, text: &str) -> fmt::Result {
        for c in printable(text).chars() {
            match c {
                '&' => html.write_str("&amp;")?,
                '<' => html.write_str("&lt;")?,
                '>' => html.write_str("&gt;")?,
                '"' => html.write_str("&#34;")?,
                '\'' => html.write_str("&#39;")?,
                c => html.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Enough of a commit's id to tell it from others.
pub fn short(revision: &str) -> String {
    plain(crate::model::short(revision))
}

/// A time as people say it, with the time as clocks say it beside it.
pub fn when(at: &Moment, now: &Moment) -> String {
    let said = if at > now {
        format!("in {}", coarse(at.since(*now).as_secs()))
    } else {
        format!("{} ago", coarse(now.since(*at).as_secs()))
    };
    let clock = clock(*at);
    format!("<time datetime=\"{clock}\" title=\"{clock}\" tabindex=\"0\">{said}</time>")
}

/// The same of a time that may not be.
pub fn when_any(at: &Option<Moment>, now: &Moment) -> String {
    at.as_ref()
        .map_or_else(|| "never".to_owned(), |at| when(at, now))
}

/// A time as clocks say it, in UTC.
pub fn clock(at: Moment) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(
        |_| "1970-01-01T00:00:00Z".to_owned(),
        |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

/// How long, in one unit.
fn coarse(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// How long something took.
pub fn took(seconds: &f64) -> String {
    duration(*seconds)
}

/// An outcome as a sign, a word and a colour.
pub fn outcome(word: &str) -> String {
    let word = escaped(word);
    format!(
        "<span class=\"o {}\">{} {word}</span>",
        class(&word),
        glyph(&word)
    )
}

/// The class of an outcome: those that mean the same to a reader look the same.
pub fn class(word: &str) -> &'static str {
    match word {
        "passed" | "fixed" | "sent" => "passed",
        "failed" | "errored" | "error" | "unexpected success" | "newly failing" => "failed",
        "infrastructure" | "interrupted" | "dead" => "trouble",
        "running" => "running",
        "waiting" | "unfinished" => "waiting",
        _ => "other",
    }
}

/// The sign of an outcome.
pub fn glyph(word: &str) -> &'static str {
    match class(word) {
        "passed" => "✔",
        "failed" => "✘",
        "trouble" => "⚠",
        "running" => "▶",
        "waiting" => "…",
        _ => "–",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_commit_says_is_inert() {
        let hostile = "<script>\u{1b}[31m\"x\"&'\u{202e}";
        let html = escaped(hostile);
        assert!(
            !html.contains(['<', '>', '"', '\'', '\u{1b}', '\u{202e}']),
            "{html}"
        );
        assert_eq!(path("a b/<c>?#"), "a%20b/%3Cc%3E%3F%23");
    }

    #[test]
    fn times_are_said_in_one_unit_and_told_exactly_beside_it() {
        let (at, now) = (Moment(0), Moment(3 * 3_600_000));
        let html = when(&at, &now);
        assert!(html.contains(">3 h ago<"), "{html}");
        assert!(html.contains("1970-01-01T00:00:00Z"), "{html}");
        assert!(when(&now, &at).contains("in 3 h"));
    }

    #[test]
    fn an_outcome_is_told_by_sign_and_word_and_not_by_colour_alone() {
        for word in [
            "passed",
            "failed",
            "infrastructure",
            "running",
            "waiting",
            "skipped",
        ] {
            let html = outcome(word);
            assert!(html.contains(word) && html.contains(glyph(word)), "{html}");
        }
    }
}
