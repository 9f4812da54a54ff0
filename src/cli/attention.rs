use std::io::{IsTerminal, Write};

use super::args::Notice;
use crate::event::Summary;
use crate::model::{duration, plural};

/// A run shorter than this is still being looked at.
const LONG: f64 = 30.0;

/// Calls the user back to a terminal where a long run has ended, as asked.
pub fn call(notices: &[Notice], summary: &Summary) {
    let mut stderr = std::io::stderr();
    let seconds = summary.seconds.unwrap_or_default();
    if seconds < LONG || !stderr.is_terminal() {
        return;
    }
    for notice in notices {
        let sequence = match notice {
            Notice::Bell => "\u{7}".to_owned(),
            Notice::Desktop => {
                let tests = plural(summary.totals().tests, "test");
                let outcome = summary.outcome();
                let time = duration(seconds);
                // As iTerm2 has it, and kitty, WezTerm, Ghostty, foot and Windows
                // Terminal after it.
                format!("\u{1b}]9;djbuild {outcome}: {tests} in {time}\u{1b}\\")
            }
        };
        let _ = write!(stderr, "{sequence}");
    }
    let _ = stderr.flush();
}
