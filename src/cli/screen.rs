use std::io::IsTerminal;
use std::path::Path;

use annotate_snippets::Renderer;

use super::args::{Color, Format, OutputOptions};
use crate::progress::{Detail, Fetching, Plain, Progress, Taskbar, Terminal};
use crate::report::Style;

/// What standard error can show while something goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Screen {
    /// Lines that move.
    Live,
    /// Lines that stay.
    Lines,
}

fn screen() -> Screen {
    if std::io::stderr().is_terminal() && !is_dumb() {
        Screen::Live
    } else {
        Screen::Lines
    }
}

/// Shows the run. Whoever reads JSON from a pipe reads no more than that.
pub fn progress(options: &OutputOptions) -> Option<Box<dyn Progress>> {
    let detail = match (options.quiet, options.verbose) {
        (true, _) => Detail::Quiet,
        (_, true) => Detail::Verbose,
        _ => Detail::Normal,
    };
    let stderr = std::io::stderr();
    console::set_colors_enabled_stderr(wants_colour(options.color, stderr.is_terminal()));
    match screen() {
        Screen::Live if detail != Detail::Quiet => {
            let taskbar = has_taskbar().then(Taskbar::default);
            Some(Box::new(Terminal::new(detail, taskbar)))
        }
        Screen::Lines if options.format == Format::Json => None,
        _ => Some(Box::new(Plain::new(stderr, detail))),
    }
}

/// Shows what is fetched before there is a run.
pub fn fetching(options: Option<&OutputOptions>) -> Fetching {
    let silent = options.is_some_and(|options| options.quiet);
    let json = options.is_some_and(|options| options.format == Format::Json);
    match screen() {
        _ if silent => Fetching::hidden(),
        Screen::Live => Fetching::live(),
        Screen::Lines if json => Fetching::hidden(),
        Screen::Lines => Fetching::lines(),
    }
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

fn wants_colour(color: Color, terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            terminal && !refused && !is_dumb()
        }
    }
}

/// Text that leads to a file, where the terminal makes links of such (OSC 8,
/// <https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda>).
pub fn link(path: &Path, text: &str) -> String {
    let is_taken = supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout);
    match url::Url::from_file_path(path) {
        Ok(url) if is_taken => format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\"),
        _ => text.to_owned(),
    }
}

/// Whether the terminal shows progress of its own; those that do say who they are.
fn has_taskbar() -> bool {
    let is = |variable: &str, words: &[&str]| {
        std::env::var(variable).is_ok_and(|value| words.contains(&value.as_str()))
    };
    std::env::var_os("WT_SESSION").is_some()
        || is("ConEmuANSI", &["ON"])
        || is("TERM_PROGRAM", &["WezTerm", "ghostty"])
}

/// The width of standard output, within reason.
pub fn width() -> u16 {
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok());
    let terminal = || {
        console::Term::stdout()
            .size_checked()
            .map(|(_, width)| width)
    };
    columns.or_else(terminal).unwrap_or(100).clamp(60, 250)
}

/// Whether standard output is a terminal.
pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// How standard output takes colour.
pub fn style(color: Color) -> Style {
    if wants_colour(color, std::io::stdout().is_terminal()) {
        Style::Coloured
    } else {
        Style::Plain
    }
}

/// Draws pieces of a file on standard error.
pub fn renderer() -> Renderer {
    let stderr = std::io::stderr();
    let renderer = if wants_colour(Color::Auto, stderr.is_terminal()) {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(width().into())
}
