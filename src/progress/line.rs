use super::Detail;
use crate::event::{CellSummary, Envelope, Event, Summary};
use crate::model::{Outcome, TestOutcome, duration, plural, printable};

/// What a line is about, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Normal,
    Faint,
    Outcome(Outcome),
}

/// A line worth keeping on the screen: who, what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub tone: Tone,
    pub who: String,
    pub what: String,
}

/// The line an event is worth, if it is worth one at this detail.
pub fn line(envelope: &Envelope, summary: &Summary, detail: Detail) -> Option<Line> {
    let event = &envelope.event;
    let (level, tone, who, what) = match event.cell() {
        Some(cell) => of_cell(event, cell.as_str(), summary)?,
        None => of_run(event)?,
    };
    (detail >= level).then(|| Line {
        tone,
        who: printable(who).into_owned(),
        what: printable(&what).into_owned(),
    })
}

/// At which detail, in which tone, who, what.
type Description<'a> = (Detail, Tone, &'a str, String);

fn of_run(event: &Event) -> Option<Description<'_>> {
    use Detail::{Normal, Quiet, Verbose};
    Some(match event {
        Event::RunStarted(started) => {
            let revisions: Vec<String> =
                started.revisions.iter().map(ToString::to_string).collect();
            let cells = plural(started.cells.len() as u64, "cell");
            let revisions = revisions.join(", ");
            let what = match started.cells.len() {
                0 => format!("images for {revisions}"),
                _ => format!("{revisions}: {cells}, {} at a time", started.jobs),
            };
            (Normal, Tone::Normal, "djbuild", what)
        }
        Event::Notice(notice) => (
            Quiet,
            Tone::Outcome(Outcome::Infrastructure),
            "note",
            notice.message.clone(),
        ),
        Event::EngineAway { why } => (
            Quiet,
            Tone::Outcome(Outcome::Infrastructure),
            "engine",
            format!("does not answer, waiting for it: {why}"),
        ),
        Event::EngineBack { seconds } => (
            Quiet,
            Tone::Outcome(Outcome::Infrastructure),
            "engine",
            format!("answers again, after {}", duration(*seconds)),
        ),
        Event::ImageStarted { image } => {
            (Normal, Tone::Faint, image, "image is being made".to_owned())
        }
        Event::ImageLog { image, line, .. } => (Verbose, Tone::Faint, image, line.clone()),
        Event::ImageFinished { image, seconds } => (
            Normal,
            Tone::Faint,
            image,
            format!("image made in {}", duration(*seconds)),
        ),
        Event::ImageFailed { image, message, .. } => (
            Quiet,
            Tone::Outcome(Outcome::Infrastructure),
            image,
            format!("image could not be made: {message}"),
        ),
        Event::ServiceStarted { service } => (Verbose, Tone::Faint, service, "started".to_owned()),
        Event::ServiceDied { service, exit, log } => {
            let mut what = format!("died: it {exit}");
            for line in log {
                what.push_str("\n    │ ");
                what.push_str(line);
            }
            (Quiet, Tone::Outcome(Outcome::Infrastructure), service, what)
        }
        _ => return None,
    })
}

fn of_cell<'a>(event: &Event, cell: &'a str, summary: &Summary) -> Option<Description<'a>> {
    use Detail::{Normal, Quiet, Verbose};
    Some(match event {
        Event::CellStarted {
            attempt, parallel, ..
        } => {
            let mut what = format!("started, {}", plural(u64::from(*parallel), "process"));
            if *attempt > 1 {
                what.push_str(", second attempt");
            }
            (Normal, Tone::Normal, cell, what)
        }
        Event::CellPhase { phase, .. } => (Verbose, Tone::Faint, cell, phase.to_string()),
        Event::CellEnvironment { facts, .. } => {
            let facts: Vec<String> = facts
                .iter()
                .map(|(key, value)| format!("{key} {value}"))
                .collect();
            (Verbose, Tone::Faint, cell, facts.join(", "))
        }
        Event::CellCollected { tests, .. } => (
            Verbose,
            Tone::Faint,
            cell,
            format!("{} collected", plural(*tests, "test")),
        ),
        Event::TestFinished { result, .. } if result.outcome.is_bad() => {
            let word = match result.outcome {
                TestOutcome::Errored => "ERROR",
                TestOutcome::UnexpectedSuccess => "UNEXPECTED SUCCESS",
                _ => "FAIL",
            };
            let subtest = result.subtest.as_deref().unwrap_or_default();
            let what = format!("{word} {} {subtest}", result.test);
            (
                Quiet,
                Tone::Outcome(Outcome::Failed),
                cell,
                what.trim_end().to_owned(),
            )
        }
        Event::CellLog { line, .. } => (Verbose, Tone::Faint, cell, line.clone()),
        Event::CellFinished { outcome, .. } => {
            let ended = summary
                .cells
                .iter()
                .find(|known| known.cell.name().as_str() == cell)?;
            let level = if *outcome == Outcome::Passed {
                Normal
            } else {
                Quiet
            };
            (
                level,
                Tone::Outcome(*outcome),
                cell,
                ending(ended, *outcome),
            )
        }
        _ => return None,
    })
}

fn ending(cell: &CellSummary, outcome: Outcome) -> String {
    let tests = plural(cell.counts.tests, "test");
    let time = duration(cell.seconds);
    let cause = cell
        .cause
        .map_or_else(String::new, |cause| format!(": {cause}"));
    let detail = if cell.detail.is_empty() {
        String::new()
    } else {
        format!(": {}", cell.detail)
    };
    match outcome {
        Outcome::Passed => format!("passed, {tests} in {time}"),
        Outcome::Failed => format!("failed, {} of {tests} in {time}", cell.counts.bad()),
        other => format!("{other}{cause}{detail}"),
    }
}

/// Tests done out of how many, failures, seconds gone and left.
pub fn gauge(cell: &CellSummary, seconds: f64) -> String {
    let done = cell.counts.tests;
    let mut text = match cell.collected {
        Some(all) => format!("{done}/{all}"),
        None => String::new(),
    };
    if cell.counts.bad() > 0 {
        text.push_str(&format!(", {} failed", cell.counts.bad()));
    }
    text.push_str(&format!(" {}", duration(seconds)));
    if let Some(left) = remaining(cell, seconds) {
        text.push_str(&format!(", {} left", duration(left)));
    }
    text.trim_start().to_owned()
}

/// Seconds left, if the rest goes like the first part; unsaid until a tenth is
/// done, for the beginning says little.
fn remaining(cell: &CellSummary, seconds: f64) -> Option<f64> {
    let all = cell.collected?;
    let done = cell.counts.tests;
    if done == 0 || done * 10 < all || done > all {
        return None;
    }
    #[allow(clippy::cast_precision_loss)]
    let share = done as f64 / all as f64;
    Some(seconds * (1.0 - share) / share)
}
