use std::collections::BTreeMap;

use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use super::past::Commit;
use crate::model::{Cell, Moment};
use crate::store::farm::{Book, Branch, Judged, Progress};
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;

/// So many commits are shown where nobody says otherwise.
const LAST: u32 = 20;

/// Commits and what each cell said of them.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "console.html")]
pub struct Console {
    /// When this was so.
    pub at: Moment,
    /// The branch; none where none is watched yet.
    pub branch: Option<String>,
    /// All that are watched.
    pub branches: Vec<String>,
    /// Who asked for what is shown: one scheduler, or all.
    pub scheduler: Option<String>,
    /// Schedulers there are.
    pub schedulers: Vec<String>,
    /// Cells, by database, version, Python.
    pub cells: Vec<Column>,
    /// Commits, the newest first.
    pub commits: Vec<Row>,
    /// Whether commits stand across and cells down.
    pub transposed: bool,
    /// How many commits are shown at most.
    pub last: u32,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Column {
    /// Its name.
    pub cell: String,
    /// `postgresql17`.
    pub database: String,
    /// `3.14`, with its variant.
    pub python: String,
}

/// A commit.
#[derive(Serialize, JsonSchema)]
pub struct Row {
    /// What it is.
    #[serde(flatten)]
    pub commit: Commit,
    /// What each cell said of it, in the order of cells.
    pub marks: Vec<Option<Mark>>,
    /// Requests for it, or for a later one that stands for it, that have not ended.
    pub open: Vec<Open>,
}

/// A request that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Open {
    /// Its number.
    pub request: i64,
    /// `running` or `waiting`.
    pub state: String,
}

/// What a cell said of a commit.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Mark {
    /// The word of its outcome; `covered` where a later commit was tested for it.
    pub outcome: String,
    /// The run that said so.
    pub run: Option<String>,
    /// Tests that count against the cell.
    pub bad: u64,
}

impl View for Console {
    const PATH: &'static str = "/console";
    const ABOUT: &'static str = "Commits of a branch and what each cell said of them";
    const QUERY: &'static [(&'static str, &'static str)] = &[
        ("branch", "this branch; the first where it is not said"),
        (
            "repository",
            "of this repository, where several have such a branch",
        ),
        ("scheduler", "only what this scheduler asked for"),
        ("last", "so many commits: 20, at most 200"),
        ("by", "`cells` has cells down and commits across"),
    ];

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let last = ask.number("last", LAST, 200)?.max(1);
        ask.look(|book| {
            let branches = ask.branches(book)?;
            let mut console = Self {
                at: ask.now,
                branch: None,
                branches: branches.iter().map(|branch| branch.name.clone()).collect(),
                scheduler: ask.word("scheduler").map(str::to_owned),
                schedulers: ask
                    .desk
                    .orders()
                    .watch
                    .schedulers
                    .iter()
                    .map(|one| one.name.clone())
                    .collect(),
                cells: Vec::new(),
                commits: Vec::new(),
                transposed: ask.word("by") == Some("cells"),
                last,
            };
            if let Some(branch) = ask.branch(book)? {
                console.fill(ask, book, &branch)?;
            }
            Ok(console)
        })
    }

    fn title(&self) -> String {
        match &self.branch {
            Some(branch) => format!("Console of {branch}"),
            None => "Console".to_owned(),
        }
    }
}

impl Console {
    fn fill(&mut self, ask: &Ask, book: &Book<'_>, branch: &Branch) -> Result<(), WebError> {
        let place = (branch.repository.as_str(), branch.name.as_str());
        let changes = book.last_changes(place, self.last)?;
        let from = changes.last().map_or(0, |change| change.position);
        let wanted = |judged: &Judged| {
            self.scheduler.is_none() || self.scheduler.as_ref() == Some(&judged.scheduler)
        };
        let mut judged = book.judged(place, from)?;
        judged.retain(wanted);
        self.cells = columns(&judged);
        let mut marks: BTreeMap<(i64, &str), Mark> = BTreeMap::new();
        for one in &judged {
            marks.insert(
                (one.position, &one.cell),
                Mark {
                    outcome: one.outcome.clone(),
                    run: Some(one.run.to_string()),
                    bad: one.bad,
                },
            );
        }
        // Which cells spoke for a commit that was collapsed into a later one.
        let mut spoke: BTreeMap<i64, Vec<&Judged>> = BTreeMap::new();
        for one in &judged {
            spoke.entry(one.request).or_default().push(one);
        }
        let covering = book.covering(place, from)?;
        for (position, request) in &covering {
            for one in spoke.get(request).into_iter().flatten() {
                if one.position != *position {
                    marks.entry((*position, &one.cell)).or_insert_with(|| Mark {
                        outcome: "covered".to_owned(),
                        run: Some(one.run.to_string()),
                        bad: 0,
                    });
                }
            }
        }
        let mut open = book.open_requests()?;
        open.retain(|one| {
            (one.asked.repository.as_str(), one.asked.branch.as_str()) == place
                && (self.scheduler.is_none()
                    || self.scheduler.as_ref() == Some(&one.asked.scheduler))
        });
        let orders = ask.desk.orders();
        self.commits = changes
            .iter()
            .map(|change| Row {
                commit: Commit::of(change, &orders.watch.links),
                marks: self
                    .cells
                    .iter()
                    .map(|column| marks.get(&(change.position, column.cell.as_str())).cloned())
                    .collect(),
                open: open
                    .iter()
                    .filter(|one| {
                        one.asked.revision == change.revision
                            || covering.contains(&(change.position, one.id))
                    })
                    .map(|one| Open {
                        request: one.id,
                        state: match one.progress {
                            Progress::Waiting => "waiting",
                            _ => "running",
                        }
                        .to_owned(),
                    })
                    .collect(),
            })
            .collect();
        self.branch = Some(branch.name.clone());
        Ok(())
    }

    /// Databases, each with how many cells in a row are of it.
    fn databases(&self) -> Vec<(&str, usize)> {
        let mut databases: Vec<(&str, usize)> = Vec::new();
        for column in &self.cells {
            match databases.last_mut() {
                Some((name, count)) if *name == column.database => *count += 1,
                _ => databases.push((&column.database, 1)),
            }
        }
        databases
    }

    /// Cells with what each said of the commits.
    fn by_cell(&self) -> Vec<(&Column, Vec<&Option<Mark>>)> {
        let cells = self.cells.iter().enumerate();
        let marks = |index: usize| {
            self.commits
                .iter()
                .map(move |row| &row.marks[index])
                .collect()
        };
        cells
            .map(|(index, column)| (column, marks(index)))
            .collect()
    }

    fn is_branch(&self, name: &str) -> bool {
        self.branch.as_deref() == Some(name)
    }

    fn is_scheduler(&self, name: &str) -> bool {
        self.scheduler.as_deref() == Some(name)
    }

    /// The same view, the other way around, as a query.
    fn turned(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.branch.iter().map(|branch| ("branch", branch)));
        query.extend_pairs(self.scheduler.iter().map(|one| ("scheduler", one)));
        query.append_pair("last", &self.last.to_string());
        if !self.transposed {
            query.append_pair("by", "cells");
        }
        query.finish()
    }
}

/// The cells, by database, version and Python.
fn columns(judged: &[Judged]) -> Vec<Column> {
    let names: std::collections::BTreeSet<&str> =
        judged.iter().map(|one| one.cell.as_str()).collect();
    let mut cells: Vec<(&str, Option<Cell>)> = names
        .into_iter()
        .map(|name| (name, name.parse().ok()))
        .collect();
    cells.sort_by(|(one_name, one), (other_name, other)| {
        let key = |cell: &Cell| (cell.database, cell.python, cell.variant.clone());
        (one.as_ref().map(key), one_name).cmp(&(other.as_ref().map(key), other_name))
    });
    cells
        .into_iter()
        .map(|(name, cell)| Column {
            cell: name.to_owned(),
            database: cell
                .as_ref()
                .map_or_else(String::new, |cell| cell.database.to_string()),
            python: cell.map_or_else(
                || name.to_owned(),
                |cell| match &cell.variant {
                    Some(variant) => format!("{} {variant}", cell.python),
                    None => cell.python.to_string(),
                },
            ),
        })
        .collect()
}
