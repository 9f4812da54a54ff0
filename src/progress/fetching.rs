use std::io::Write;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

/// Shows what is being fetched before a run can be planned: a release, a mirror.
pub struct Fetching {
    style: Style,
    current: Mutex<Option<Current>>,
}

enum Style {
    Hidden,
    Lines,
    Live,
}

struct Current {
    what: String,
    bar: Option<ProgressBar>,
}

impl Fetching {
    const fn new(style: Style) -> Self {
        Self {
            style,
            current: Mutex::new(None),
        }
    }

    /// Shows nothing.
    pub const fn hidden() -> Self {
        Self::new(Style::Hidden)
    }

    /// A line on standard error for each thing that is fetched.
    pub const fn lines() -> Self {
        Self::new(Style::Lines)
    }

    /// A bar on standard error that moves, and goes when this is dropped.
    pub const fn live() -> Self {
        Self::new(Style::Live)
    }

    /// So much of it has come: `done` of `total` units, such as `bytes`. May be
    /// called for every buffer.
    pub fn show(&self, what: &str, done: u64, total: Option<u64>, unit: &str) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_none_or(|current| current.what != what) {
            let bar = match self.style {
                Style::Hidden => None,
                Style::Lines => {
                    // Nobody left to read it is no reason to stop.
                    let _ = writeln!(std::io::stderr(), "djbuild: fetching {what}");
                    None
                }
                Style::Live => Some(bar(what, unit)),
            };
            *current = Some(Current {
                what: what.to_owned(),
                bar,
            });
        }
        if let Some(bar) = current.as_ref().and_then(|current| current.bar.as_ref()) {
            if let Some(total) = total {
                bar.set_length(total.max(1));
            }
            bar.set_position(done);
        }
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        let current = self
            .current
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = current.take().and_then(|current| current.bar) {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &str, unit: &str) -> ProgressBar {
    let amount = if unit == "bytes" {
        "{bytes}/{total_bytes}".to_owned()
    } else {
        format!("{{human_pos}}/{{human_len}} {unit}")
    };
    let bar = ProgressBar::new(1);
    // A literal: a wrong one shows as the default style.
    if let Ok(style) = ProgressStyle::with_template(&format!(
        "{{spinner}} fetching {{prefix}} {{wide_bar:.cyan/dim}} {amount} {{elapsed:.dim}}"
    )) {
        bar.set_style(style.progress_chars("━━─"));
    }
    bar.set_prefix(what.to_owned());
    bar
}
