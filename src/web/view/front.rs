use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use super::past::Commit;
use super::runs::RunRow;
use crate::model::{Moment, RunId};
use crate::store::Wanted;
use crate::store::farm::{Book, Colour};
use crate::watch::{BranchStatus, RequestStatus, Status, name_of, status};
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;

/// So many commits are told that may be to blame.
const BLAMED: usize = 5;
/// So many runs that have ended are shown.
const LATEST: usize = 8;
/// From so many runs it is worked out how long one takes.
const LIKE_IT: usize = 60;

/// How the farm stands: what an engineer looks at first.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "front.html")]
pub struct Front {
    /// What `djbuild status` shows.
    #[serde(flatten)]
    pub status: Status,
    /// Branches, with what may be to blame where they are red.
    pub standing: Vec<Standing>,
    /// How far what runs is.
    pub going: Vec<Going>,
    /// The last runs that have ended.
    pub latest: Vec<RunRow>,
}

/// How a branch stands.
#[derive(Serialize, JsonSchema)]
pub struct Standing {
    /// The branch.
    #[serde(flatten)]
    pub branch: BranchStatus,
    /// Its red cells, by what they have in common and the others have not.
    pub red_named: String,
    /// Commits since its red cells were last good, the newest first; a part of them.
    pub blamed: Vec<Commit>,
    /// How many there are.
    pub blamed_in_all: usize,
}

/// How far a run is.
#[derive(Serialize, JsonSchema)]
pub struct Going {
    /// What asked for it.
    #[serde(flatten)]
    pub request: RequestStatus,
    /// Cells that have ended.
    pub ended: u64,
    /// Cells in all; none while that is not known.
    pub cells: u64,
    /// Tests of them that count against it.
    pub bad: u64,
    /// When it will have ended, as far as earlier ones tell.
    pub expected: Option<Moment>,
}

impl View for Front {
    const PATH: &'static str = "/";
    const ABOUT: &'static str = "How the farm stands";

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let orders = ask.desk.orders();
        let watch = &orders.watch;
        let (mut status, standing) = ask.look(|book| {
            let status = status(book, Some(watch), &watch.places(), ask.now)?;
            let standing = standings(ask, book, &status)?;
            Ok((status, standing))
        })?;
        status.add_watcher(&ask.desk.home);
        let past = ask.state().history(&Wanted {
            limit: Some(LIKE_IT),
            ..Wanted::default()
        })?;
        let past: Vec<RunRow> = past.into_iter().map(RunRow::of).collect();
        let going = status.running.iter();
        let going = going.map(|request| going_of(request, &past)).collect();
        let latest = past.into_iter().filter(|run| run.outcome != "running");
        Ok(Self {
            standing,
            going,
            latest: latest.take(LATEST).collect(),
            status,
        })
    }

    fn title(&self) -> String {
        let red = self.standing.iter();
        let red: Vec<&str> = red
            .filter(|one| !one.branch.red.is_empty())
            .map(|one| one.branch.branch.as_str())
            .collect();
        match red.as_slice() {
            [] => "How it stands".to_owned(),
            red => format!("Red: {}", red.join(", ")),
        }
    }
}

fn standings(ask: &Ask, book: &Book<'_>, status: &Status) -> Result<Vec<Standing>, WebError> {
    let orders = ask.desk.orders();
    let watch = &orders.watch;
    let known = ask.branches(book)?;
    let all = book.standings()?;
    let mut standing = Vec::new();
    // They come in the same order from the same rows.
    for (branch, row) in status.branches.iter().zip(&known) {
        let own = || {
            let is_own = |one: &&_| {
                let one: &crate::store::farm::Standing = one;
                one.repository == row.repository && one.branch == row.name
            };
            all.iter().filter(is_own)
        };
        let cells: Vec<String> = own().map(|one| one.cell.clone()).collect();
        let red = own().filter(|one| one.colour == Colour::Red);
        let spans = red.filter_map(|one| Some((one.good?, one.first)));
        let span = spans.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let commits = match span {
            Some((good, first)) => {
                book.changes_between((&row.repository, &row.name), good, first)?
            }
            None => Vec::new(),
        };
        let newest = commits.iter().rev().take(BLAMED);
        standing.push(Standing {
            red_named: name_of(&branch.red, &cells),
            branch: branch.clone(),
            blamed: newest
                .map(|change| Commit::of(change, &watch.links))
                .collect(),
            blamed_in_all: commits.len(),
        });
    }
    Ok(standing)
}

fn going_of(request: &RequestStatus, past: &[RunRow]) -> Going {
    let own = request.run.as_ref();
    let own = own.and_then(|run| past.iter().find(|row| row.run == *run));
    let mut going = Going {
        request: request.clone(),
        ended: 0,
        cells: 0,
        bad: 0,
        expected: None,
    };
    if let Some(own) = own {
        let count = |is_unfinished: bool| {
            let cells = own.cells.iter();
            let those = cells.filter(|(word, _)| (*word == "unfinished") == is_unfinished);
            those.map(|(_, count)| count).sum::<u64>()
        };
        going.ended = count(false);
        going.cells = going.ended + count(true);
        going.bad = own.bad;
        let like_it = past.iter().filter(|row| {
            row.scheduler == own.scheduler
                && row.branch == own.branch
                && matches!(row.outcome.as_str(), "passed" | "failed")
        });
        let took = like_it.filter_map(|row| row.seconds).max_by(f64::total_cmp);
        going.expected = took.map(|seconds| {
            own.began
                .plus(std::time::Duration::from_secs_f64(seconds.clamp(0.0, 1e9)))
        });
    }
    going
}

impl Going {
    /// Whether it takes longer than any like it did.
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates hand everything on by reference"
    )]
    fn is_late(&self, now: &Moment) -> bool {
        self.expected.is_some_and(|expected| expected < *now)
    }

    /// The id of the run, where it has one.
    fn run(&self) -> Option<RunId> {
        self.request.run.as_ref().map(RunId::new)
    }
}
