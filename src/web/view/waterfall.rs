use std::time::Duration;

use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use super::runs::RunRow;
use crate::model::Moment;
use crate::store::Wanted;
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;

/// So many runs are drawn.
const DRAWN: usize = 400;
const WIDTH: f64 = 1000.0;

/// Runs over time: one line for each branch and scheduler.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "waterfall.html")]
pub struct Waterfall {
    /// When this was so.
    pub at: Moment,
    /// From when on.
    pub from: Moment,
    /// How many hours.
    pub hours: u32,
    /// Lines.
    pub lines: Vec<Line>,
}

/// The runs of a branch that a scheduler asked for.
#[derive(Serialize, JsonSchema)]
pub struct Line {
    /// The branch.
    pub branch: String,
    /// The scheduler; none where somebody typed it.
    pub scheduler: Option<String>,
    /// Runs, the last first.
    pub runs: Vec<RunRow>,
}

impl View for Waterfall {
    const PATH: &'static str = "/waterfall";
    const ABOUT: &'static str = "Runs over time, a line for each branch and scheduler";
    const QUERY: &'static [(&'static str, &'static str)] =
        &[("hours", "so many, up to now: 24, at most 720")];

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let hours = ask.number("hours", 24, 720)?.max(1);
        let span = Duration::from_secs(u64::from(hours) * 3600);
        let from = Moment(ask.now.0.saturating_sub(Moment(0).plus(span).0));
        let past = ask.state().history(&Wanted {
            limit: Some(DRAWN),
            ..Wanted::default()
        })?;
        let mut lines: Vec<Line> = Vec::new();
        for run in past.into_iter().map(RunRow::of) {
            if end(&run, ask.now) < from {
                continue;
            }
            let own = lines
                .iter_mut()
                .find(|line| line.branch == run.branch && line.scheduler == run.scheduler);
            match own {
                Some(line) => line.runs.push(run),
                None => lines.push(Line {
                    branch: run.branch.clone(),
                    scheduler: run.scheduler.clone(),
                    runs: vec![run],
                }),
            }
        }
        lines.sort_by(|one, other| {
            (&one.branch, &one.scheduler).cmp(&(&other.branch, &other.scheduler))
        });
        Ok(Self {
            at: ask.now,
            from,
            hours,
            lines,
        })
    }

    fn title(&self) -> String {
        format!("The last {} hours", self.hours)
    }
}

/// When a run ended, or now.
fn end(run: &RunRow, now: Moment) -> Moment {
    match run.seconds {
        Some(seconds) => run
            .began
            .plus(Duration::from_secs_f64(seconds.clamp(0.0, 1e9))),
        None if run.outcome == "running" => now,
        None => run.began,
    }
}

impl Waterfall {
    #[allow(clippy::cast_precision_loss, reason = "a place on a drawing")]
    fn place(&self, at: Moment) -> f64 {
        let all = self.at.since(self.from).as_millis().max(1) as f64;
        at.since(self.from).as_millis() as f64 / all * WIDTH
    }

    /// Where a run begins on the drawing.
    fn left(&self, run: &RunRow) -> String {
        format!("{:.1}", self.place(run.began))
    }

    /// How wide it is there: never so narrow that it cannot be seen.
    fn width(&self, run: &RunRow) -> String {
        let width = self.place(end(run, self.at)) - self.place(run.began);
        format!("{:.1}", width.max(4.0))
    }
}
