use std::collections::HashMap;
use std::time::Duration;

use console::Style;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::line::{Line, Tone, gauge, line};
use super::taskbar::{State, Taskbar};
use super::{Detail, Progress};
use crate::event::{CellSummary, Envelope, Event, Summary};
use crate::model::{CellName, Outcome, Phase, duration};

/// Redraws a second: enough to look alive, little enough to cost nothing.
const RATE: u8 = 10;

/// Live lines at the bottom of a terminal: one per image in the making, one
/// per running cell, and one for the whole run.
pub struct Terminal {
    bars: MultiProgress,
    overall: ProgressBar,
    images: HashMap<String, ProgressBar>,
    cells: HashMap<CellName, Running>,
    detail: Detail,
    taskbar: Option<Taskbar>,
    began: u64,
}

struct Running {
    bar: ProgressBar,
    began: u64,
    phase: Phase,
}

impl Terminal {
    /// Draws on standard error, and in the taskbar of a terminal that has one.
    pub fn new(detail: Detail, taskbar: Option<Taskbar>) -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(RATE));
        let overall = bars.add(ProgressBar::new(0));
        overall.set_style(template(
            "{prefix:.bold} {wide_bar:.cyan/dim} {pos}/{len} {msg}",
        ));
        Self {
            bars,
            overall,
            images: HashMap::new(),
            cells: HashMap::new(),
            detail,
            taskbar,
            began: 0,
        }
    }

    fn bar(&self, style: &str, name: &str) -> ProgressBar {
        let bar = self.bars.insert_before(&self.overall, ProgressBar::new(0));
        bar.set_style(template(style));
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        bar
    }

    fn image(&mut self, event: &Event) {
        match event {
            Event::ImageStarted { image } => {
                let bar = self.bar("{spinner} {prefix} {elapsed:.dim} {wide_msg:.dim}", image);
                self.images.insert(image.clone(), bar);
            }
            Event::ImageLog { image, step, line } => {
                if let Some(bar) = self.images.get(image) {
                    // The builder repeats the numbers in the line itself.
                    let text = match (step, line.split_once(" : ")) {
                        (Some((step, of)), Some((_, text))) => format!("{step}/{of} {text}"),
                        _ => line.clone(),
                    };
                    bar.set_message(printable(&text));
                }
            }
            Event::ImageFinished { image, .. } | Event::ImageFailed { image, .. } => {
                if let Some(bar) = self.images.remove(image) {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
    }

    fn cell(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::CellStarted { cell, .. } => {
                let bar = self.bar(
                    "{spinner} {prefix} {wide_bar:.green/dim} {msg}",
                    cell.as_str(),
                );
                let running = Running {
                    bar,
                    began: envelope.at,
                    phase: Phase::Services,
                };
                if let Some(earlier) = self.cells.insert(cell.clone(), running) {
                    earlier.bar.finish_and_clear();
                }
            }
            Event::CellPhase { cell, phase } => {
                if let Some(running) = self.cells.get_mut(cell) {
                    running.phase = *phase;
                    running.bar.set_message(phase.to_string());
                }
            }
            Event::CellFinished { cell, .. } => {
                if let Some(running) = self.cells.remove(cell) {
                    running.bar.finish_and_clear();
                }
            }
            _ => {}
        }
    }
}

impl Progress for Terminal {
    fn show(&mut self, envelope: &Envelope, summary: &Summary) -> std::io::Result<()> {
        if self.began == 0 {
            self.began = envelope.at;
        }
        self.image(&envelope.event);
        self.cell(envelope);
        match line(envelope, summary, self.detail) {
            Some(line) => self.bars.println(paint(&line)),
            None => Ok(()),
        }
    }

    fn tick(&mut self, now: u64, summary: &Summary) -> std::io::Result<()> {
        #[allow(clippy::cast_precision_loss)]
        let since = |began: u64| now.saturating_sub(began) as f64 / 1000.0;
        for cell in &summary.cells {
            let Some(running) = self.cells.get(&cell.cell.name()) else {
                continue;
            };
            running.bar.set_length(cell.collected.unwrap_or(0).max(1));
            running.bar.set_position(cell.counts.tests);
            if running.phase == Phase::Testing || cell.counts.tests > 0 {
                running.bar.set_message(gauge(cell, since(running.began)));
            } else {
                let time = duration(since(running.began));
                running.bar.set_message(format!("{} {time}", running.phase));
            }
        }
        let ended = summary
            .cells
            .iter()
            .filter(|cell| cell.outcome.is_some())
            .count();
        self.overall.set_prefix("cells");
        self.overall.set_length(summary.cells.len() as u64);
        self.overall.set_position(ended as u64);
        let bad = summary.totals().bad();
        let failed = if bad == 0 {
            String::new()
        } else {
            format!("{bad} failed, ")
        };
        let time = duration(since(self.began));
        self.overall.set_message(format!("{failed}{time}"));
        if let Some(taskbar) = &mut self.taskbar {
            let tests = |cell: &CellSummary| match (cell.outcome, cell.collected) {
                (Some(_), _) => 100,
                (None, Some(all)) => 100 * cell.counts.tests / all.max(1),
                (None, None) => 0,
            };
            let done: u64 = summary.cells.iter().map(tests).sum();
            let state = if bad == 0 {
                State::Normal
            } else {
                State::Failing
            };
            taskbar.show(state, done / (summary.cells.len() as u64).max(1))?;
        }
        Ok(())
    }

    fn finish(&mut self) -> std::io::Result<()> {
        if let Some(taskbar) = &mut self.taskbar {
            taskbar.clear()?;
        }
        self.overall.finish_and_clear();
        self.bars.clear()
    }
}

/// A template is a literal of this file; a wrong one shows as no style.
fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━─")
}

fn paint(line: &Line) -> String {
    let style = Style::new().for_stderr();
    let style = match line.tone {
        Tone::Normal => style,
        Tone::Outcome(Outcome::Passed) => style.green(),
        Tone::Outcome(Outcome::Failed | Outcome::Errored) => style.red(),
        Tone::Outcome(Outcome::Infrastructure) => style.yellow(),
        Tone::Faint | Tone::Outcome(Outcome::Skipped | Outcome::Empty | Outcome::Cancelled) => {
            style.dim()
        }
    };
    format!("{}: {}", line.who, style.apply_to(&line.what))
}

/// A line of a build's log may move the cursor; here it must not.
fn printable(line: &str) -> String {
    console::strip_ansi_codes(line)
        .chars()
        .filter(|c| !c.is_control())
        .collect()
}
