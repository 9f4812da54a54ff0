use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::matrix::Cover;
use crate::plan::{BaseSource, NoTests};
use crate::source::{Origin, Reach};
use crate::spec::Isolation;
use crate::store::Retention;

/// What a run is asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Request {
    /// What to test on what.
    pub scope: Scope,
    /// Test labels, as `runtests.py` takes them; none means the whole suite.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Flags for `runtests.py`.
    #[serde(default)]
    pub flags: Vec<String>,
    /// How fast and how long.
    #[serde(default)]
    pub pace: Pacing,
    /// Where images come from.
    #[serde(default)]
    pub images: Images,
    /// How long earlier runs are kept.
    #[serde(default)]
    pub retention: Retention,
    /// Which of several runs goes first: the one with more.
    #[serde(default)]
    pub priority: i32,
    /// What asked for it, where nobody typed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<AskedBy>,
}

/// What asked for a run that nobody typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedBy {
    /// The scheduler.
    pub scheduler: String,
    /// Why it asked.
    pub cause: String,
}

/// What to test on what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Scope {
    /// Where relative paths start, and a checkout or a matrix file is looked for.
    pub folder: PathBuf,
    /// A matrix file, or the name of one that comes with djbuild; none is the
    /// project's own, else the quick one.
    pub matrix: Option<String>,
    /// What that file said when it was read, where it may say something else by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Where Django comes from; nothing is the checkout around the folder, else the
    /// newest release.
    pub sources: Vec<Origin>,
    /// Commits of repositories that are watched: where there are any, these are tested,
    /// and neither sources nor branches looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pin>,
    /// Globs over branches, or names of revisions.
    pub branches: Vec<String>,
    /// The files on disk too, beside branches.
    pub worktree: bool,
    /// Globs over Pythons, or some that the matrix lacks.
    pub pythons: Vec<String>,
    /// Globs over databases, or some that the matrix lacks.
    pub databases: Vec<String>,
    /// Globs over variants, or some that the matrix does not list.
    pub variants: Vec<String>,
    /// Which cells are worth their time.
    pub cover: Cover,
    /// The time there is for all of them.
    pub budget: Option<Duration>,
    /// Cells at once; as many as cores and memory allow unless given.
    pub jobs: Option<u32>,
    /// Whether remotes are asked.
    pub reach: Reach,
    /// A file of released versions, in place of those of djbuild's own table.
    pub releases: Option<PathBuf>,
}

/// A commit in a repository that is watched, under the name of its branch.
///
/// Stored, it has the secrets of what was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pin {
    /// The git URL, as typed.
    pub source: String,
    /// Where copies of repositories that are watched are kept.
    pub folder: PathBuf,
    /// What its cells are called.
    pub branch: String,
    /// The commit's whole id.
    pub commit: String,
}

/// How fast and how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Pacing {
    /// Processes in each cell; so that the cores are full unless given.
    pub parallel: Option<u32>,
    /// Whether the first cell that does not pass ends the run.
    pub fail_fast: bool,
    /// Who shares a database container; as the matrix says unless given.
    pub isolation: Option<Isolation>,
    /// How long a cell may take.
    pub cell_timeout: Duration,
    /// How long no test may finish.
    pub quiet_timeout: Duration,
    /// How long an engine that went away is waited for.
    pub engine_timeout: Duration,
    /// Bytes of memory for each cell; the engine's, shared, unless given.
    pub memory: Option<u64>,
    /// Bytes of log that a cell may write.
    pub log_limit: u64,
    /// What a suite in which no test ran means.
    pub no_tests: NoTests,
}

/// Where images come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Images {
    /// Where base images come from.
    pub base: BaseSource,
    /// Put before the names of official images.
    pub registry: String,
    /// The Debian mirror for base images made here.
    pub debian_mirror: String,
    /// A folder whose files replace those of djbuild's own dockerfiles.
    pub dockerfiles: Option<PathBuf>,
    /// Whether requirements of pull requests are installed with this host's
    /// credentials for indexes and proxies.
    pub trust_pull_requests: bool,
}

/// Where Debian's packages are unless a mirror is named.
pub const DEBIAN_MIRROR: &str = "http://deb.debian.org/debian";

impl Default for Pacing {
    fn default() -> Self {
        Self {
            parallel: None,
            fail_fast: false,
            isolation: None,
            cell_timeout: Duration::from_secs(2 * 3600),
            quiet_timeout: Duration::from_secs(600),
            engine_timeout: Duration::from_secs(600),
            memory: None,
            log_limit: 256 << 20,
            no_tests: NoTests::Fail,
        }
    }
}

impl Default for Images {
    fn default() -> Self {
        Self {
            base: BaseSource::Auto,
            registry: String::new(),
            debian_mirror: DEBIAN_MIRROR.to_owned(),
            dockerfiles: None,
            trust_pull_requests: false,
        }
    }
}

impl Request {
    /// A run of all tests of this, with the defaults for all the rest.
    pub fn of(scope: Scope) -> Self {
        Self {
            scope,
            labels: Vec::new(),
            flags: Vec::new(),
            pace: Pacing::default(),
            images: Images::default(),
            retention: Retention::default(),
            priority: 0,
            by: None,
        }
    }

    /// Labels and flags, as `runtests.py` gets them.
    pub fn arguments(&self) -> Vec<String> {
        self.labels.iter().chain(&self.flags).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_survives_being_kept() {
        let mut request = Request::of(Scope {
            folder: "/src".into(),
            sources: vec!["https://example.org/d.git".parse().expect("a source")],
            branches: vec!["main".to_owned()],
            cover: Cover::Pairwise,
            budget: Some(Duration::from_secs(90)),
            ..Scope::default()
        });
        request.labels = vec!["basic".to_owned()];
        request.pace.isolation = Some(Isolation::Cell);
        request.scope.pins.push(Pin {
            source: "https://example.org/d.git".to_owned(),
            folder: "/state/git".into(),
            branch: "main".to_owned(),
            commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".to_owned(),
        });
        let kept = serde_json::to_string(&request).expect("plain values");
        let read: Request = serde_json::from_str(&kept).expect("as written");
        assert_eq!(read, request);
    }

    #[test]
    fn what_a_kept_request_does_not_say_has_its_default() {
        let read: Request = serde_json::from_str(r#"{"scope":{"folder":"/src"}}"#).expect("JSON");
        let scope = Scope {
            folder: "/src".into(),
            ..Scope::default()
        };
        let request = Request::of(scope);
        assert_eq!(read, request);
        let kept = serde_json::to_string(&request).expect("plain values");
        assert!(!kept.contains("pins"), "{kept}");
    }
}
