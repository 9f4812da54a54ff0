use std::path::Path;
use std::time::Duration;

use backon::{BlockingRetryable, ExponentialBuilder};

use super::address::Address;
use super::error::SourceError;
use super::git::{Failed, Fault, Git, Network, received, words};
use super::refs::Ref;
use super::transfer::{OnTransfer, Transfer};
use crate::model::redacted;

/// How long a server may say nothing when it is asked for its refs.
const LISTING: Duration = Duration::from_secs(60);
/// How long it may say nothing while it sends.
const FETCHING: Duration = Duration::from_secs(120);
/// ssh that asks nobody anything: there may be nobody.
const SSH: &str = "ssh -o BatchMode=yes";

/// What is listed of a remote's refs. Servers that speak git's protocol 2 send no
/// others: those of GitHub's pull requests are a megabyte.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Branches.
    Heads,
    /// Tags, and beside each annotated one what it points at.
    Tags,
}

/// How much of a history is fetched.
#[derive(Debug, Clone, Copy)]
pub enum Depth {
    /// The newest commit, where the server can give it alone.
    Tip,
    /// All that the remote has.
    Whole,
}

/// Who named an address: what a tree names is trusted less than its user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// Whoever called djbuild.
    User,
    /// A file of a tree, such as `.gitmodules`.
    Tree,
}

/// A repository elsewhere, asked by the user's own git, so that aliases of ssh,
/// proxies and credential helpers work as they do for them.
#[derive(Debug, Clone)]
pub struct Remote {
    address: Address,
    /// The address, for people.
    place: String,
    named_by: NamedBy,
}

/// One try that came to nothing.
enum Trouble {
    Told(Fault, String),
    Silent(Duration),
    Other(SourceError),
}

impl Remote {
    /// The repository at this URL.
    pub fn new(url: &str, named_by: NamedBy) -> Self {
        Self {
            address: Address::new(url),
            place: redacted(url),
            named_by,
        }
    }

    /// Its refs and where they point, asked from within a repository of ours.
    pub fn list(&self, kind: Kind, git_dir: &Path) -> Result<Vec<Ref>, SourceError> {
        let kind = match kind {
            Kind::Heads => "--heads",
            Kind::Tags => "--tags",
        };
        let printed = again(|| {
            let git = self.git(git_dir)?;
            let git = git.args(["ls-remote", "--quiet", kind, "djbuild"]);
            run(Network::new(git, String::new(), LISTING), &mut |_| {})
        });
        let printed = printed.map_err(|trouble| self.error(trouble))?;
        let mut refs = Vec::new();
        for line in printed.split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            let Some((commit, name)) = line.split_once('\t') else {
                continue;
            };
            if commit.len() != 40 {
                return Err(self.of_another_hash());
            }
            refs.push((name.to_owned(), commit.to_owned()));
        }
        Ok(refs)
    }

    /// Fetches refs into a repository of ours.
    pub fn fetch(
        &self,
        refspecs: &[String],
        depth: Depth,
        git_dir: &Path,
        on_transfer: &OnTransfer<'_>,
    ) -> Result<(), SourceError> {
        let fetch = |depth: &[&str]| {
            again(|| {
                let git = self
                    .git(git_dir)?
                    .args(["fetch", "--no-tags", "--no-prune"]);
                let git = git.args(["--no-write-fetch-head", "--no-auto-gc", "--progress"]);
                let git = git.args(["--no-recurse-submodules", "--no-write-commit-graph"]);
                let git = git.args(depth).args(["--stdin", "djbuild"]);
                // A pack is there whole or not at all, whoever is killed meanwhile.
                let git = git.config("fetch.unpackLimit", "1");
                let input = refspecs.iter().map(|spec| format!("{spec}\n")).collect();
                run(Network::new(git, input, FETCHING), &mut |line| {
                    if let Some((done, total)) = received(line) {
                        on_transfer(&Transfer {
                            what: self.place.clone(),
                            done,
                            total: Some(total),
                            unit: "objects",
                        });
                    }
                })
            })
        };
        let fetched = match depth {
            // One commit of Django is a tenth of its history.
            Depth::Tip => match fetch(&["--depth=1", "--update-shallow"]) {
                Err(Trouble::Told(Fault::NotShallow, _)) => fetch(&[]),
                fetched => fetched,
            },
            // The remote may itself have no more than a part.
            Depth::Whole => fetch(&["--update-shallow"]),
        };
        fetched.map(|_| ()).map_err(|trouble| self.error(trouble))
    }

    /// Fetches these objects into the object folder of a partial clone.
    pub fn fetch_objects(
        &self,
        ids: &[String],
        git_dir: &Path,
        objects: &Path,
    ) -> Result<(), SourceError> {
        let fetched = again(|| {
            let git = self
                .git(git_dir)?
                .args(["fetch", "--no-tags", "--no-auto-gc"]);
            let git = git.args(["--no-write-fetch-head", "--no-recurse-submodules"]);
            let git = git.args(["--progress", "--filter=blob:none", "--stdin", "djbuild"]);
            let git = git
                .config("remote.djbuild.promisor", "true")
                .config("remote.djbuild.partialclonefilter", "blob:none")
                .config("fetch.negotiationAlgorithm", "noop")
                .env("GIT_OBJECT_DIRECTORY", objects);
            let input = ids.iter().map(|id| format!("{id}\n")).collect();
            run(Network::new(git, input, FETCHING), &mut |_| {})
        });
        fetched.map(|_| ()).map_err(|trouble| self.error(trouble))
    }

    /// A git that knows the address as `djbuild`.
    fn git(&self, git_dir: &Path) -> Result<Git, Trouble> {
        let mut git = self.address.tell(Git::within(git_dir));
        if self.named_by == NamedBy::Tree {
            git = git.env("GIT_PROTOCOL_FROM_USER", "0");
        }
        let is_named = |name| std::env::var_os(name).is_some();
        if !is_named("GIT_SSH_COMMAND") && !is_named("GIT_SSH") {
            let configured = Git::within(git_dir).args(["config", "core.sshCommand"]);
            let (configured, _) = configured.try_read().map_err(Trouble::Other)?;
            if configured.is_empty() {
                git = git.env("GIT_SSH_COMMAND", SSH);
            }
        }
        Ok(git)
    }

    fn of_another_hash(&self) -> SourceError {
        SourceError::Unsupported {
            place: self.place.clone(),
            problem: "has SHA-256 objects, and djbuild reads those of SHA-1; is there a mirror \
                      that has them?"
                .to_owned(),
        }
    }

    fn error(&self, trouble: Trouble) -> SourceError {
        let place = self.place.clone();
        let (fault, said) = match trouble {
            Trouble::Other(error) => return error,
            Trouble::Silent(limit) => return SourceError::silent(&place, limit),
            Trouble::Told(fault, said) => (fault, words(&said)),
        };
        match fault {
            Fault::Unreachable => SourceError::Unreachable {
                place,
                message: said,
            },
            Fault::Refused => SourceError::Refused {
                place,
                message: format!(
                    "{said}: git found no key or password that it takes, in ssh's agent or a \
                     credential helper; where `git ls-remote` works without a question, this does"
                ),
            },
            Fault::UnknownHost => SourceError::Refused {
                place,
                message: format!(
                    "{said}: connect once with ssh, so that the host's key gets into \
                     ~/.ssh/known_hosts"
                ),
            },
            Fault::NoRepository => SourceError::NoRepository {
                place,
                message: said,
            },
            Fault::NoRevision => SourceError::NoRevision(format!("{place}: {said}")),
            Fault::OldGit => SourceError::Git {
                place,
                message: "this git is too old: 2.31 or newer is needed".to_owned(),
            },
            Fault::Busy => SourceError::Busy {
                place,
                message: said,
            },
            Fault::OtherHash => self.of_another_hash(),
            Fault::NotShallow | Fault::Other => SourceError::Git {
                place,
                message: said,
            },
        }
    }
}

fn run(network: Network, heard: &mut dyn FnMut(&str)) -> Result<Vec<u8>, Trouble> {
    network.run(heard).map_err(|failed| match failed {
        Failed::Start(error) => Trouble::Other(error),
        Failed::Silent(limit) => Trouble::Silent(limit),
        Failed::Told(said) => Trouble::Told(Fault::of(&said), said),
    })
}

/// Tries again what may go well a little later. Not what was silent: that took a
/// minute already.
fn again(once: impl FnMut() -> Result<Vec<u8>, Trouble>) -> Result<Vec<u8>, Trouble> {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_factor(3.0)
        .with_max_times(2)
        .with_jitter();
    once.retry(pauses)
        .sleep(std::thread::sleep)
        .when(|trouble| matches!(trouble, Trouble::Told(fault, _) if fault.is_passing()))
        .call()
}
