use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::carry::as_run;
use super::commands::{find_branch, first_of_all};
use super::order::job_of;
use super::{Kind, Orders, TRIES, WatchError};
use crate::model::{Moment, redacted, short};
use crate::run::{self, Home};
use crate::source::{Reach, Watched};
use crate::spec::{Job, Watch};
use crate::store::farm::{Branch, NewRequest, Progress, QueuedRequest};

/// A patch that somebody wants to be tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// The branch it is for.
    pub branch: String,
    /// The commit of that branch that it applies to; its tip where it is not said.
    pub base: Option<String>,
    /// The file it is in.
    pub patch: PathBuf,
    /// These cells alone; none is all.
    pub cells: Vec<String>,
    /// What this scheduler runs; else what the first does that watches the branch.
    pub scheduler: Option<String>,
    /// These tests alone; none is what the scheduler says.
    pub labels: Vec<String>,
    /// Why.
    pub reason: String,
}

/// The newest of these commits that a branch has, as far as it was seen.
///
/// # Errors
/// When there is no such branch; when its copy cannot be read.
pub fn base_of(
    home: &Home,
    watch: &Watch,
    branch: &str,
    commits: &[String],
) -> Result<Option<String>, WatchError> {
    let (remote, row) = find(home, watch, branch)?;
    for commit in commits {
        if remote.is_in(commit, &row.tip)? {
            return Ok(Some(commit.clone()));
        }
    }
    Ok(None)
}

/// Makes a commit of a patch in the copy of its branch, and requests it, before all that
/// schedulers requested. It says nothing of the branch, whatever it comes to.
///
/// # Errors
/// When it makes no sense here: then nothing is requested.
pub fn attempt(
    home: &Home,
    orders: &Orders,
    wish: &Try,
    who: &str,
    now: Moment,
) -> Result<i64, WatchError> {
    let watch = &orders.watch;
    let (remote, row) = find(home, watch, &wish.branch)?;
    let Job::Suite(mut suite) =
        job_of(watch, &wish.branch, wish.scheduler.as_deref(), &wish.cells)?;
    if !wish.labels.is_empty() {
        suite.labels.clone_from(&wish.labels);
    }
    let base = wish.base.as_ref().unwrap_or(&row.tip);
    if !remote.is_in(base, &row.tip)? {
        return Err(WatchError::Refused(format!(
            "{base} is no commit of {} that was seen",
            wish.branch
        )));
    }
    let commit = commit(
        &remote,
        &wish.branch,
        base,
        &wish.patch,
        (who, &wish.reason),
    )?;
    let new = NewRequest {
        repository: row.repository,
        branch: row.name,
        revision: commit,
        scheduler: TRIES.to_owned(),
        cause: format!("tried {}", now.0),
        kind: Kind::Try.as_str().to_owned(),
        position: row.position,
        job: serde_json::to_string(&Job::Suite(suite)).unwrap_or_default(),
        priority: first_of_all(watch),
        locks: Vec::new(),
        who: who.to_owned(),
        reason: wish.reason.clone(),
    };
    check(home, orders, &new, now)?;
    let made = home
        .state
        .farm()?
        .within(|book| book.add_request(&new, now).map_err(WatchError::from))?;
    made.ok_or_else(|| WatchError::Refused("this was asked for this very moment".to_owned()))
}

fn commit(
    remote: &Watched,
    branch: &str,
    base: &str,
    patch: &Path,
    by: (&str, &str),
) -> Result<String, WatchError> {
    remote.commit_patch(base, patch, by)?.map_err(|why| {
        let short = short(base);
        WatchError::Refused(format!(
            "the patch does not apply to {branch} at {short}: {why}"
        ))
    })
}

/// Whether a run could be made of it.
fn check(home: &Home, orders: &Orders, new: &NewRequest, now: Moment) -> Result<(), WatchError> {
    let request = QueuedRequest {
        id: 0,
        asked: new.clone(),
        made: now,
        progress: Progress::Waiting,
        cancel: None,
    };
    let url = url_of(&orders.watch, &new.repository);
    let mut run = as_run(&request, &url, &orders.base, home);
    run.scope.reach = Reach::Offline;
    match run::snapshots(&run, home, &|_| {}) {
        Err(error) if error.is_a_wrong_request() => Err(WatchError::Refused(error.to_string())),
        // What cannot be told here is told by the run.
        _ => Ok(()),
    }
}

fn find(home: &Home, watch: &Watch, branch: &str) -> Result<(Watched, Branch), WatchError> {
    let places = watch.places();
    let mut farm = home.state.farm()?;
    let row = farm.look(|book| find_branch(book, &places, branch))?;
    let url = url_of(watch, &row.repository);
    Ok((Watched::new(&url, &home.state.repositories()), row))
}

/// The address of a repository, of which the place has no secrets.
fn url_of(watch: &Watch, place: &str) -> String {
    let mut sources = watch.sources.iter();
    let found = sources.find(|source| redacted(&source.value) == place);
    found.map_or_else(|| place.to_owned(), |source| source.value.clone())
}
