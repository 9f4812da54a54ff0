//! `djbuild try`: a patch on the watcher's queue, followed from here.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Farm;
use super::follow::follow;
use super::steer::user;
use crate::cli::args::TryOptions;
use crate::cli::error::{CliError, Outcome};
use crate::cli::exit::Exit;
use crate::cli::say::{say, warn};
use crate::control::{Ask, Client, ControlError};
use crate::model::bytes;
use crate::run::Home;
use crate::source::{SourceError, difference, find_checkout, line_of};
use crate::watch::{Orders, Other, Try, attempt, base_of, now};

/// A checkout's own commits beyond these are not looked at.
const COMMITS: usize = 500;

/// Has what is here, or a patch, tried on what the watcher has.
pub async fn try_out(options: TryOptions) -> Outcome {
    let home = Home::find()?;
    let asking = home.clone();
    let request = tokio::task::spawn_blocking(move || request(&asking, &options));
    let request = request
        .await
        .unwrap_or_else(|_| Err(CliError::Usage("the patch could not be read".to_owned())))?;
    if Other::find(&home).is_none() {
        say(&format!(
            "request {request} waits: nobody watches, and the next `djbuild watch` runs it\n"
        ))?;
        return Ok(Exit::Passed);
    }
    follow(&home, request).await
}

/// Requests it, and says under which number.
fn request(home: &Home, options: &TryOptions) -> Result<i64, CliError> {
    let mut watcher = if let Some(client) = Client::find(home)? {
        Watcher::Goes(client)
    } else {
        let farm = Farm::here(None)?.ok_or_else(|| {
            CliError::Usage(
                "nobody watches, and there is no djbuild.toml with a [watch] table here".to_owned(),
            )
        })?;
        Watcher::Rests(Box::new(farm.plain_orders()))
    };
    let (patch, labels) = options.split();
    let limit = options.patch_limit << 20;
    let (patch, base) = match patch {
        Some(path) => (read(path, limit)?, None),
        None => own(home, &mut watcher, &options.branch)?,
    };
    if patch.trim_ascii().is_empty() {
        return Err(CliError::Usage(
            "there is nothing to try: no file here is other than the watcher has it".to_owned(),
        ));
    }
    let size = patch.len() as u64;
    if size > limit {
        return Err(CliError::Usage(format!(
            "the patch has {}, and {} at most are taken; --patch-limit says otherwise",
            bytes(size),
            bytes(limit)
        )));
    }
    let folder = home.state.folder();
    let written = NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(&patch)?;
        Ok(file)
    });
    let file = written.map_err(|error| CliError::Write {
        path: folder.to_owned(),
        error,
    })?;
    let wish = Try {
        branch: options.branch.clone(),
        base,
        patch: file.path().to_owned(),
        cells: options.cell.clone(),
        scheduler: options.scheduler.clone(),
        labels: labels.to_vec(),
        reason: options.reason.clone(),
    };
    watcher.try_out(home, wish)
}

/// Whoever has the repository.
enum Watcher {
    Goes(Client),
    Rests(Box<Orders>),
}

impl Watcher {
    /// The newest of these commits that it has of a branch.
    fn base(
        &mut self,
        home: &Home,
        branch: &str,
        commits: Vec<String>,
    ) -> Result<Option<String>, CliError> {
        match self {
            Self::Goes(client) => {
                let said = client.say(&Ask::Base {
                    branch: branch.to_owned(),
                    commits,
                })?;
                Ok(Some(said).filter(|said| !said.is_empty()))
            }
            Self::Rests(orders) => Ok(base_of(home, &orders.watch, branch, &commits)?),
        }
    }

    fn try_out(&mut self, home: &Home, wish: Try) -> Result<i64, CliError> {
        match self {
            Self::Goes(client) => {
                let said = client.say(&Ask::Try { who: user(), wish })?;
                let number = said.parse();
                Ok(number.map_err(|_| ControlError::Strange(said))?)
            }
            Self::Rests(orders) => Ok(attempt(home, orders, &wish, &user(), now())?),
        }
    }
}

/// What the checkout around this folder has of its own, and since which commit that the
/// watcher has too.
fn own(
    home: &Home,
    watcher: &mut Watcher,
    branch: &str,
) -> Result<(Vec<u8>, Option<String>), CliError> {
    let here = std::env::current_dir().map_err(CliError::read("."))?;
    let root = find_checkout(&here)?.ok_or_else(|| SourceError::NotGit(here.clone()))?;
    let commits = line_of(&root, COMMITS)?;
    let base = watcher.base(home, branch, commits)?;
    if base.is_none() {
        warn(&format!(
            "none of the last {COMMITS} commits here is one of {branch} that the watcher has: \
             what is not committed is tried on its tip"
        ));
    }
    let patch = difference(&root, base.as_deref().unwrap_or("HEAD"))?;
    Ok((patch, base))
}

/// The patch in a file, or on standard input; a byte more than may be, at most.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, CliError> {
    let mut patch = Vec::new();
    let read =
        |reader: &mut dyn Read, patch: &mut Vec<u8>| reader.take(limit + 1).read_to_end(patch);
    let done = if path == Path::new("-") {
        read(&mut std::io::stdin().lock(), &mut patch)
    } else {
        File::open(path).and_then(|mut file| read(&mut file, &mut patch))
    };
    done.map_err(CliError::read(PathBuf::from(path)))?;
    Ok(patch)
}
