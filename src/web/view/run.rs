use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use super::cell_row::CellRow;
use super::difference::Difference;
use super::grouped::{Group, groups};
use super::runs::RunRow;
use crate::model::{Moment, RunId};
use crate::store::Wanted;
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;
use crate::web::words::plain;

/// A run: what it differs in from another, and then all of it.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "run.html")]
pub struct RunPage {
    /// When this was so.
    pub at: Moment,
    /// The run.
    #[serde(flatten)]
    pub row: RunRow,
    /// The request it was for.
    pub request: Option<i64>,
    /// The run it is compared with.
    pub to: Option<RunRow>,
    /// How that was chosen.
    pub chosen: String,
    /// How it differs.
    pub difference: Difference,
    /// Failures, those together that are probably one.
    pub failures: Vec<Group>,
    /// How many failures are not told here.
    pub more: usize,
    /// Its cells, in the order of the matrix.
    pub cells: Vec<CellRow>,
    /// What whoever reads the verdict has to know beside it.
    pub notices: Vec<String>,
}

impl View for RunPage {
    const PATH: &'static str = "/runs/{run}";
    const ABOUT: &'static str = "A run, and how it differs from another";
    const QUERY: &'static [(&'static str, &'static str)] = &[(
        "to",
        "compared with: `previous`, `green` (the last that passed), `day`, `week`, \
         `branch:NAME`, or a run's id",
    )];

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let run = ask.run()?;
        let summary = ask.state().summary(&run)?;
        let past = ask.state().history(&Wanted::default())?;
        let past: Vec<RunRow> = past.into_iter().map(RunRow::of).collect();
        let row = past.iter().find(|row| row.run == run.as_str()).cloned();
        let row = row.ok_or_else(|| {
            WebError::Missing(format!(
                "run {run} is in no index: `djbuild prune --reindex`"
            ))
        })?;
        let word = ask.word("to").unwrap_or("previous");
        let to = other(&past, &row, word)?.cloned();
        let base = to.as_ref().map(|to| RunId::new(to.run.clone()));
        let other = base
            .as_ref()
            .map(|base| ask.state().summary(base))
            .transpose()?;
        let tests = ask.state().tests(&run);
        let others = base
            .as_ref()
            .map_or_else(Vec::new, |base| ask.state().tests(base));
        let difference = Difference::of(&summary, other.as_ref(), (&tests, &others));
        let (failures, more) = groups(&summary);
        Ok(Self {
            at: ask.now,
            request: ask.look(|book| Ok(book.request_of(&run)?))?,
            chosen: chosen(word, to.is_some()),
            row,
            to,
            difference,
            failures,
            more,
            notices: summary
                .notices
                .iter()
                .map(|notice| notice.message.clone())
                .collect(),
            cells: summary.cells.iter().map(CellRow::of).collect(),
        })
    }

    fn title(&self) -> String {
        format!("Run {}: {}", self.row.run, self.row.outcome)
    }
}

impl RunPage {
    fn typed(&self) -> String {
        plain(&self.row.arguments.join(" "))
    }
}

/// The run that another is to be compared with, of those that asked for the same.
fn other<'a>(past: &'a [RunRow], row: &RunRow, word: &str) -> Result<Option<&'a RunRow>, WebError> {
    const DAY: i64 = 86_400_000;
    let is_alike = |one: &&RunRow| {
        one.branch == row.branch && one.arguments == row.arguments && one.began < row.began
    };
    let is_whole = |one: &&RunRow| matches!(one.outcome.as_str(), "passed" | "failed");
    let mut alike = past.iter().filter(is_alike).filter(is_whole);
    let older_by = |days: i64| row.began.0.saturating_sub(days * DAY);
    Ok(match word {
        "previous" => alike.next(),
        "green" => alike.find(|one| one.outcome == "passed"),
        "day" => alike.find(|one| one.began.0 <= older_by(1)),
        "week" => alike.find(|one| one.began.0 <= older_by(7)),
        word => {
            if let Some(branch) = word.strip_prefix("branch:") {
                let mut others = past.iter().filter(is_whole);
                others.find(|one| one.branch == branch && one.run != row.run)
            } else {
                let found = past.iter().find(|one| one.run == word);
                let missing = || {
                    WebError::Missing(format!(
                        "there is no run {word} to compare with; previous, green, day, week, \
                         branch:NAME or a run's id"
                    ))
                };
                Some(found.ok_or_else(missing)?)
            }
        }
    })
}

fn chosen(word: &str, is_there: bool) -> String {
    let what = match word {
        "previous" => "the run before it",
        "green" => "the last that passed",
        "day" => "the last that was a day older",
        "week" => "the last that was a week older",
        word => word,
    };
    if is_there {
        what.to_owned()
    } else {
        format!("{what}: there is none of this branch that was asked for the same")
    }
}
