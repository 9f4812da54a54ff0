use std::collections::BTreeMap;

use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{CellName, Moment, RunId};
use crate::store::TestSeen;
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;

/// So many runs are looked at.
const RUNS: u32 = 30;
/// So many times of one cell are drawn.
const TIMES: usize = 12;

/// One test: its past in each cell.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "test.html")]
pub struct TestPage {
    /// When this was so.
    pub at: Moment,
    /// The test.
    pub test: String,
    /// The branch that is looked at; none is all.
    pub branch: Option<String>,
    /// Each cell, the one it fails in most first.
    pub cells: Vec<Strip>,
    /// The cell whose times are shown.
    pub cell: Option<String>,
    /// What it took in that cell, the last first.
    pub times: Vec<Time>,
}

/// The past of a test in a cell.
#[derive(Serialize, JsonSchema)]
pub struct Strip {
    /// The cell's name.
    pub cell: String,
    /// Runs, the last first.
    pub runs: Vec<Seen>,
    /// In how many of them it failed.
    pub failed: usize,
    /// In how many there was a verdict.
    pub decided: usize,
    /// How often it turned.
    pub turns: usize,
    /// The commit where it began to fail as it does now, if it fails.
    pub first_bad: Option<String>,
}

/// A test in a run.
#[derive(Serialize, JsonSchema)]
pub struct Seen {
    /// The run.
    pub run: String,
    /// When it began.
    pub began: Moment,
    /// The commit.
    pub revision: Option<String>,
    /// What became of it: `failed`, `error`; `not failed` where its cell has a verdict and
    /// does not name it; `unknown` where it has none.
    pub outcome: String,
}

/// What a test took.
#[derive(Serialize, JsonSchema)]
pub struct Time {
    /// The run.
    pub run: String,
    /// Seconds.
    pub seconds: f64,
}

impl View for TestPage {
    const PATH: &'static str = "/test";
    const ABOUT: &'static str = "A test's past in each cell";
    const QUERY: &'static [(&'static str, &'static str)] = &[
        ("test", "its id, as unittest gives it"),
        ("branch", "on this branch only"),
        ("cell", "with the times it took in this cell"),
    ];

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let test = ask.word("test").ok_or_else(|| {
            WebError::Wrong("which test? ?test=basic.tests.ModelTest.test_x".to_owned())
        })?;
        let branch = ask.word("branch");
        let past = ask.state().past_of_test(test, branch, RUNS)?;
        let mut strips: BTreeMap<String, Vec<TestSeen>> = BTreeMap::new();
        for seen in past {
            strips.entry(seen.cell.clone()).or_default().push(seen);
        }
        let mut cells: Vec<Strip> = strips.into_iter().map(strip).collect();
        cells.sort_by(|one, other| (other.failed, &one.cell).cmp(&(one.failed, &other.cell)));
        let cell = ask.word("cell");
        let times = match cells.iter().find(|strip| Some(strip.cell.as_str()) == cell) {
            Some(strip) => times(ask, test, strip)?,
            None => Vec::new(),
        };
        Ok(Self {
            at: ask.now,
            test: test.to_owned(),
            branch: branch.map(str::to_owned),
            cells,
            cell: cell.map(str::to_owned),
            times,
        })
    }

    fn title(&self) -> String {
        self.test.clone()
    }
}

fn strip((cell, past): (String, Vec<TestSeen>)) -> Strip {
    let runs: Vec<Seen> = past
        .into_iter()
        .map(|seen| Seen {
            run: seen.run.to_string(),
            began: seen.began,
            revision: seen.revision,
            outcome: match (seen.bad, seen.cell_outcome.as_str()) {
                (Some(word), _) => word,
                (None, "passed" | "failed") => "not failed".to_owned(),
                (None, _) => "unknown".to_owned(),
            },
        })
        .collect();
    let decided: Vec<&Seen> = runs
        .iter()
        .filter(|seen| seen.outcome != "unknown")
        .collect();
    let is_bad = |seen: &&Seen| seen.outcome != "not failed";
    let failed = decided.iter().filter(|seen| is_bad(seen)).count();
    let turns = decided
        .windows(2)
        .filter(|two| is_bad(&two[0]) != is_bad(&two[1]))
        .count();
    let since = decided.iter().take_while(|seen| is_bad(seen)).last();
    Strip {
        cell,
        failed,
        decided: decided.len(),
        turns,
        first_bad: since.and_then(|seen| seen.revision.clone()),
        runs,
    }
}

/// What it took in the last runs of a cell. Their logs are read, so there are not many.
fn times(ask: &Ask, test: &str, strip: &Strip) -> Result<Vec<Time>, WebError> {
    let Some(cell) = strip.cell.parse::<crate::model::Cell>().ok() else {
        return Ok(Vec::new());
    };
    let cell: CellName = cell.name();
    let mut times = Vec::new();
    for seen in strip.runs.iter().take(TIMES) {
        let run = RunId::new(seen.run.clone());
        let results = ask
            .state()
            .results_of(&run, std::slice::from_ref(&cell), test)?;
        let results = results.into_iter().flatten();
        let seconds = results.map(|result| result.seconds).max_by(f64::total_cmp);
        times.extend(seconds.map(|seconds| Time {
            run: seen.run.clone(),
            seconds,
        }));
    }
    Ok(times)
}

impl Strip {
    /// Whether it comes and goes.
    fn is_flaky(&self) -> bool {
        self.turns > 2
    }
}

impl TestPage {
    /// Times as points of a line, the oldest left.
    #[allow(clippy::cast_precision_loss, reason = "a place on a drawing")]
    fn points(&self) -> String {
        let most = self.times.iter().map(|time| time.seconds);
        let most = most.max_by(f64::total_cmp).unwrap_or(1.0).max(1e-9);
        let step = 580.0 / (self.times.len().max(2) - 1) as f64;
        let points = self.times.iter().rev().enumerate().map(|(index, time)| {
            let x = 10.0 + step * index as f64;
            let y = 110.0 - time.seconds / most * 100.0;
            format!("{x:.1},{y:.1}")
        });
        points.collect::<Vec<_>>().join(" ")
    }

    fn slowest(&self) -> String {
        let most = self.times.iter().map(|time| time.seconds);
        format!("{:.3} s", most.max_by(f64::total_cmp).unwrap_or(0.0))
    }
}
