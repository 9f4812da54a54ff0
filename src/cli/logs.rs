use std::io::{BufWriter, Write};
use std::time::Duration;

use super::args::{Format, LogsOptions};
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::named::{self, unknown};
use super::pager::Pager;
use super::screen;
use crate::event::{Envelope, Event};
use crate::model::printable;
use crate::report::{self, Style};
use crate::run::{Home, RunError};
use crate::store::{Follow, State};

/// How often one who follows looks for more.
const POLL: Duration = Duration::from_millis(200);

/// Prints the log of a cell or of a service.
pub fn logs(options: &LogsOptions) -> Outcome {
    let state = Home::find()?.state;
    let style = screen::style(options.color);
    // Who asked for something that is not there needs no pager to be told.
    check(&state, options)?;
    let mut pager = if options.no_pager || options.follow || options.format == Format::Json {
        Pager::none()
    } else {
        Pager::on_terminal()
    };
    let mut out = BufWriter::new(&mut pager);
    let written = match &options.service {
        Some(service) => of_service(&state, options, service, &mut out),
        None => of_cell(&state, options, style, &mut out),
    };
    drop(out);
    pager.finish();
    match written {
        // Whoever read it has seen enough.
        Err(error) if !is_gone(&error) => Err(error),
        _ => Ok(Exit::Passed),
    }
}

fn is_gone(error: &CliError) -> bool {
    matches!(error, CliError::Write { error, .. } if error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn check(state: &State, options: &LogsOptions) -> Result<(), CliError> {
    match &options.service {
        None => named::cell(state, &options.what).map(|_| ()),
        Some(service) => {
            let (_, known, _) = services(state, options)?;
            if known.iter().any(|known| known == service) {
                return Ok(());
            }
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let otherwise = match known.as_slice() {
                [] => "that run started none".to_owned(),
                known => format!("that run started {}", known.join(", ")),
            };
            Err(unknown("service", service, &known, &otherwise))
        }
    }
}

fn of_cell(
    state: &State,
    options: &LogsOptions,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let (run, cell) = named::cell(state, &options.what)?;
    if !options.follow {
        let mut printed = Ok(());
        state.each(&run, &cell, |envelope| {
            if printed.is_ok() {
                printed = print(&envelope, options, style, out);
            }
        })?;
        printed?;
        return out.flush().map_err(unwritten);
    }
    let mut follow = Follow::new(state, &run, 0).only(cell.clone());
    loop {
        let mut has_ended = false;
        while let Some(envelope) = follow.read()? {
            if envelope.event.cell() == Some(&cell) {
                print(&envelope, options, style, out)?;
            }
            has_ended = match &envelope.event {
                Event::CellFinished { .. } => true,
                // It is tried again.
                Event::CellStarted { .. } => false,
                _ => has_ended,
            };
        }
        out.flush().map_err(unwritten)?;
        if has_ended || follow.has_ended() {
            return Ok(());
        }
        std::thread::sleep(POLL);
    }
}

fn print(
    envelope: &Envelope,
    options: &LogsOptions,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let text = match (options.format, &envelope.event) {
        (Format::Json, Event::CellLog { .. }) => serde_json::to_string(envelope).ok(),
        // As it was written, where no terminal has to bear it.
        (Format::Text, Event::CellLog { line, .. }) if options.raw && !screen::is_terminal() => {
            Some(line.clone())
        }
        (Format::Text, event @ Event::CellLog { .. }) => report::log_line(event, style),
        _ if options.raw => None,
        (Format::Json, _) => serde_json::to_string(envelope).ok(),
        (Format::Text, event) => report::log_line(event, style),
    };
    match text {
        Some(text) => writeln!(out, "{text}").map_err(unwritten),
        None => Ok(()),
    }
}

/// The run, the services it started, and what is kept of those that died.
type Services = (crate::model::RunId, Vec<String>, Vec<Envelope>);

fn services(state: &State, options: &LogsOptions) -> Result<Services, CliError> {
    let typed = options.what.first().map_or("latest", String::as_str);
    let run = named::run(state, typed)?;
    let (mut known, mut deaths) = (Vec::new(), Vec::new());
    state.each_of_run(&run, |envelope| {
        if let Event::ServiceStarted { service } | Event::ServiceDied { service, .. } =
            &envelope.event
            && !known.contains(service)
        {
            known.push(service.clone());
        }
        if matches!(envelope.event, Event::ServiceDied { .. }) {
            deaths.push(envelope);
        }
    })?;
    Ok((run, known, deaths))
}

fn of_service(
    state: &State,
    options: &LogsOptions,
    wanted: &str,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let (run, _, deaths) = services(state, options)?;
    let mut is_kept = false;
    for envelope in &deaths {
        let Event::ServiceDied { service, exit, log } = &envelope.event else {
            continue;
        };
        if service != wanted {
            continue;
        }
        is_kept = true;
        if options.format == Format::Json {
            let line = serde_json::to_string(envelope).map_err(|_| RunError::Bug)?;
            writeln!(out, "{line}").map_err(unwritten)?;
            continue;
        }
        for line in log {
            writeln!(out, "{}", printable(line)).map_err(unwritten)?;
        }
        writeln!(out, "{wanted} died: it {}", printable(exit)).map_err(unwritten)?;
    }
    if !is_kept && options.format == Format::Text {
        writeln!(
            out,
            "nothing is kept of {wanted} in run {run}: a service's log is kept when it dies"
        )
        .map_err(unwritten)?;
    }
    out.flush().map_err(unwritten)
}

fn unwritten(error: std::io::Error) -> CliError {
    CliError::Write {
        path: "standard output".into(),
        error,
    }
}
