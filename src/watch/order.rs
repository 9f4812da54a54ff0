use serde::{Deserialize, Serialize};

use super::commands::{Force, cancel, force, pausable, pause, resend};
use super::{WatchError, status};
use crate::model::{Cell, Moment};
use crate::spec::{Job, Scheduler, Suite, Watch};
use crate::store::farm::Book;

/// What people tell a watcher, whether it goes on or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Order {
    /// To run the tip of a branch now.
    Force {
        /// Which.
        branch: String,
        /// These cells alone; none is all.
        #[serde(default)]
        cells: Vec<String>,
        /// As this scheduler would; else as the first that watches the branch.
        #[serde(default)]
        scheduler: Option<String>,
        /// Why.
        reason: String,
    },
    /// To begin nothing more of something; of everything where it is not said.
    Pause {
        /// A branch or a scheduler.
        #[serde(default)]
        what: Option<String>,
    },
    /// To end a pause.
    Resume {
        /// A branch or a scheduler.
        #[serde(default)]
        what: Option<String>,
    },
    /// To end a request.
    Cancel {
        /// Its number.
        request: i64,
    },
    /// To end a run.
    Stop {
        /// Its id, or the beginning of it.
        run: String,
    },
    /// To send a notice again.
    Resend {
        /// Its number or its id.
        notice: String,
    },
}

/// Keeps what somebody wants, and says so in a sentence.
///
/// # Errors
/// When it makes no sense here; when what a watcher keeps cannot be read or written.
pub fn obey(
    book: &Book<'_>,
    watch: &Watch,
    order: &Order,
    who: &str,
    now: Moment,
) -> Result<String, WatchError> {
    let places = watch.places();
    Ok(match order {
        Order::Force {
            branch,
            cells,
            scheduler,
            reason,
        } => {
            let job = job_of(watch, branch, scheduler.as_deref(), cells)?;
            let wanted = Force {
                branch,
                job: &job,
                who,
                reason,
            };
            let id = force(book, watch, &places, &wanted, now)?;
            format!("request {id}; `djbuild status` shows how it goes")
        }
        Order::Pause { what } => {
            let what = pausable(book, watch, &places, what.as_deref())?;
            let name = name_of(&what.1);
            pause(book, what, who, now)?;
            format!("{name} is paused; what runs goes on")
        }
        Order::Resume { what } => {
            let (kind, name) = pausable(book, watch, &places, what.as_deref())?;
            let word = if book.resume(kind, &name)? {
                "goes on"
            } else {
                "was not paused"
            };
            format!("{} {word}", name_of(&name))
        }
        Order::Cancel { request } => {
            cancel(book, *request, who, now)?;
            format!("request {request} ends")
        }
        Order::Stop { run } => {
            let status = status(book, None, &places, now)?;
            let mut running = status.running.into_iter().filter_map(|request| {
                let found = request.run?;
                found
                    .starts_with(run.as_str())
                    .then_some((request.request, found))
            });
            let (Some((request, run)), None) = (running.next(), running.next()) else {
                return Err(WatchError::Refused(format!(
                    "no run of the watcher's, or more than one, begins with {run}; `djbuild \
                     status` shows them"
                )));
            };
            cancel(book, request, who, now)?;
            format!("run {run} ends")
        }
        Order::Resend { notice } => {
            let row = resend(book, notice, now)?;
            format!(
                "notice {} goes to {} again",
                row.number, row.notice.receiver
            )
        }
    })
}

fn name_of(name: &str) -> String {
    match name {
        "" => "everything".to_owned(),
        name => name.to_owned(),
    }
}

/// What a scheduler runs, of a branch, or the chosen cells of it.
pub fn job_of(
    watch: &Watch,
    branch: &str,
    scheduler: Option<&str>,
    cells: &[String],
) -> Result<Job, WatchError> {
    let mut schedulers = watch.schedulers.iter();
    let found: Option<&Scheduler> = match scheduler {
        Some(name) => schedulers.find(|one| one.name == name),
        None => schedulers.find(|one| one.watches(branch)),
    };
    let found = found.ok_or_else(|| {
        WatchError::Refused(match scheduler {
            Some(name) => format!("--scheduler {name}: there is none of this name"),
            None => format!("--branch {branch}: no scheduler watches it"),
        })
    })?;
    let Job::Suite(mut suite) = found.job.clone();
    narrow(&mut suite, branch, cells)?;
    Ok(Job::Suite(suite))
}

/// Leaves the chosen cells of a suite.
///
/// # Errors
/// When one is no cell, or another branch's.
pub fn narrow(suite: &mut Suite, branch: &str, cells: &[String]) -> Result<(), WatchError> {
    if cells.is_empty() {
        return Ok(());
    }
    (suite.pythons, suite.databases, suite.variants) = Default::default();
    for name in cells {
        let parsed: Result<Cell, _> = name.parse();
        let cell = parsed.map_err(|error| WatchError::Refused(format!("--cell: {error}")))?;
        if *cell.branch != *branch {
            return Err(WatchError::Refused(format!(
                "--cell {name}: this is a cell of {}, not of {branch}",
                cell.branch
            )));
        }
        suite.pythons.push(cell.python.to_string());
        suite.databases.push(cell.database.to_string());
        let variant = cell.variant.as_deref().unwrap_or("plain");
        suite.variants.push(variant.to_owned());
    }
    Ok(())
}
