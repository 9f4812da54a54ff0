use std::collections::BTreeMap;

use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Moment;
use crate::store::{PastRun, Wanted};
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;

/// So many runs are on a page.
const ON_A_PAGE: usize = 50;

/// The runs that are kept.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "runs.html")]
#[allow(clippy::struct_field_names, reason = "what the API calls them")]
pub struct Runs {
    /// When this was so, in milliseconds since 1970-01-01 UTC, as all times here.
    pub at: Moment,
    /// The last first.
    pub runs: Vec<RunRow>,
    /// What was asked for.
    pub asked: BTreeMap<String, String>,
    /// The page before, as a query.
    pub newer: Option<String>,
    /// The page behind, as a query.
    pub older: Option<String>,
}

/// A run in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunRow {
    /// Its id.
    pub run: String,
    /// When it began.
    pub began: Moment,
    /// Seconds it took.
    pub seconds: Option<f64>,
    /// The word of its outcome.
    pub outcome: String,
    /// The first branch.
    pub branch: String,
    /// Its commit.
    pub revision: Option<String>,
    /// Labels and flags for `runtests.py`.
    pub arguments: Vec<String>,
    /// Who asked for it, where nobody typed it.
    pub scheduler: Option<String>,
    /// Why.
    pub cause: Option<String>,
    /// How many cells ended how.
    pub cells: BTreeMap<String, u64>,
    /// Tests that ran in them.
    pub tests: u64,
    /// Tests that count against it.
    pub bad: u64,
}

impl RunRow {
    /// A run as the index has it.
    pub fn of(run: PastRun) -> Self {
        let word = |value: Option<serde_json::Value>| {
            value.map(|value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            })
        };
        Self {
            run: run.run.to_string(),
            began: Moment(i64::try_from(run.began).unwrap_or(i64::MAX)),
            seconds: run.seconds,
            outcome: run.outcome,
            branch: run.branch.unwrap_or_default(),
            revision: run.revision,
            arguments: run.arguments,
            scheduler: word(run.scheduler),
            cause: word(run.cause),
            cells: run.cells,
            tests: run.tests,
            bad: run.bad,
        }
    }
}

impl View for Runs {
    const PATH: &'static str = "/runs";
    const ABOUT: &'static str = "The runs that are kept, the last first";
    const QUERY: &'static [(&'static str, &'static str)] = &[
        ("branch", "of this branch"),
        ("outcome", "with this outcome"),
        ("scheduler", "that this scheduler asked for"),
        ("cell", "with this cell"),
        ("page", "fifty are on each, from 1 on"),
    ];

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let page = ask.number("page", 1, 1_000_000)?.max(1) as usize;
        let is_branch = |word: &str| ask.word("branch").is_none_or(|branch| branch == word);
        let is_cell = |word: &str| ask.word("cell").is_none_or(|cell| cell == word);
        let runs = ask.state().history(&Wanted {
            branch: ask.word("branch").is_some().then_some(&is_branch),
            cell: ask.word("cell").is_some().then_some(&is_cell),
            outcome: ask.word("outcome"),
            // Those of other schedulers are left out of what comes.
            limit: ask
                .word("scheduler")
                .is_none()
                .then_some(page * ON_A_PAGE + 1),
        })?;
        let scheduler = ask.word("scheduler");
        let rows = runs.into_iter().map(RunRow::of);
        let rows = rows.filter(|row| scheduler.is_none() || row.scheduler.as_deref() == scheduler);
        let mut rows: Vec<RunRow> = rows
            .skip((page - 1) * ON_A_PAGE)
            .take(ON_A_PAGE + 1)
            .collect();
        let has_more = rows.len() > ON_A_PAGE;
        rows.truncate(ON_A_PAGE);
        let asked: BTreeMap<String, String> = Self::QUERY
            .iter()
            .filter_map(|(name, _)| Some(((*name).to_owned(), ask.word(name)?.to_owned())))
            .filter(|(name, _)| name != "page")
            .collect();
        Ok(Self {
            at: ask.now,
            runs: rows,
            newer: (page > 1).then(|| query(&asked, page - 1)),
            older: has_more.then(|| query(&asked, page + 1)),
            asked,
        })
    }

    fn title(&self) -> String {
        "Runs".to_owned()
    }
}

impl Runs {
    fn is(&self, name: &str, value: &str) -> bool {
        self.asked.get(name).is_some_and(|asked| asked == value)
    }

    fn value(&self, name: &str) -> &str {
        self.asked.get(name).map_or("", String::as_str)
    }
}

fn query(asked: &BTreeMap<String, String>, page: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .extend_pairs(asked)
        .append_pair("page", &page.to_string());
    query.finish()
}
