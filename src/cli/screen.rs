use std::io::IsTerminal;

use annotate_snippets::Renderer;

use super::args::{Color, Format, OutputOptions};
use crate::progress::{Detail, Fetching, Plain, Progress, Terminal};
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
        Screen::Live if detail != Detail::Quiet => Some(Box::new(Terminal::new(detail))),
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

pub fn wants_colour(color: Color, terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            terminal && !refused && !is_dumb()
        }
    }
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

/// How standard output takes colour.
pub fn style() -> Style {
    if wants_colour(Color::Auto, std::io::stdout().is_terminal()) {
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
