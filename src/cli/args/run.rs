use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::{KeepOptions, SelectOptions, duration};
use crate::cli::completions;

/// Shown after the options of `run`.
pub const HELP: &str = "\
Examples:
  djbuild run aggregation                    labels, as runtests.py takes them
  djbuild run -d mariadb                     another database than the matrix has
  djbuild run -m django --cover pairwise --budget 2h
  djbuild run -s pypi:Django==6.1.3          a release
  djbuild run -b main -b stable/6.1.x --worktree
  djbuild run -s https://github.com/django/django.git -b pull/19000 schema
  djbuild run basic -- --shuffle             flags for runtests.py

Every option but --format has a variable, DJBUILD_JOBS for --jobs, and a line in the
configuration file, jobs = 4; `djbuild config` shows them.";

#[derive(Debug, Args)]
pub struct RunOptions {
    /// Test labels, as runtests.py takes them; none means the whole suite
    #[arg(value_name = "LABEL", value_parser = label, add = ArgValueCompleter::new(completions::labels))]
    pub labels: Vec<String>,
    /// Flags for runtests.py, after --
    #[arg(
        last = true,
        value_name = "RUNTESTS ARGUMENT",
        allow_hyphen_values = true
    )]
    pub arguments: Vec<String>,
    #[command(flatten)]
    pub select: SelectOptions,
    #[command(flatten)]
    pub pace: PaceOptions,
    #[command(flatten)]
    pub images: ImageOptions,
    #[command(flatten)]
    pub keeping: KeepOptions,
    #[command(flatten)]
    pub output: OutputOptions,
}

/// How fast and how long.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace and limits")]
pub struct PaceOptions {
    /// Processes in each cell [default: so that the cores are full]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: Option<u32>,
    /// End the run at the first cell that does not pass
    #[arg(long, overrides_with = "keep_going")]
    pub fail_fast: bool,
    /// Run every cell whatever happens in others (the default)
    #[arg(long, overrides_with = "fail_fast")]
    pub keep_going: bool,
    /// Who shares a database container [default: as the matrix says, else run]
    #[arg(long, value_enum)]
    pub isolation: Option<IsolationWord>,
    /// How long a cell may take: 90s, 10m, 2h
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = duration)]
    pub timeout: Duration,
    /// How long no test may finish before the cell counts as hung
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub quiet_timeout: Duration,
    /// How long a container engine that went away is waited for
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub engine_timeout: Duration,
    /// What a suite in which no test ran means [fail: exit status 5]
    #[arg(long, value_enum, value_name = "WORD", default_value = "fail")]
    pub no_tests: NoTestsWord,
    /// Memory for each cell, in MiB [default: the engine's, shared among the cells at once]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(256..))]
    pub memory: Option<u64>,
    /// Log each cell may write, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..))]
    pub log_limit: u64,
}

/// Where base images come from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub struct ImageOptions {
    /// Where base images come from: what is present, then the registry, then Debian's packages
    #[arg(long, value_enum, env = "DJBUILD_BASE", default_value = "auto")]
    pub base: BaseWord,
    /// Put before the names of official images, for a mirror: registry.example/library/
    #[arg(
        long,
        value_name = "PREFIX",
        env = "DJBUILD_REGISTRY",
        default_value = ""
    )]
    pub registry: String,
    /// The Debian mirror for base images made here
    #[arg(
        long,
        value_name = "URL",
        env = "DJBUILD_DEBIAN_MIRROR",
        default_value = "http://deb.debian.org/debian"
    )]
    pub debian_mirror: String,
    /// A folder whose files replace those of djbuild's own dockerfiles
    #[arg(long, value_name = "FOLDER", env = "DJBUILD_DOCKERFILES")]
    pub dockerfiles: Option<PathBuf>,
    /// Install requirements of pull requests with this host's passwords for indexes and proxies
    #[arg(long)]
    pub trust_pull_requests: bool,
}

/// What is shown and kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// What goes to standard output: a table and failures, or every event as a line of JSON
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Write a report when the run ends: junit=PATH, json=PATH or markdown=PATH; may be repeated
    #[arg(long, value_name = "KIND=PATH", value_parser = report)]
    pub report: Vec<ReportFile>,
    /// Show only what goes wrong
    #[arg(long, short, overrides_with = "verbose")]
    pub quiet: bool,
    /// Show every line of builds and cells, and why tests were skipped
    #[arg(long, short, overrides_with = "quiet")]
    pub verbose: bool,
    /// Call back when a run of more than half a minute ends; may be repeated
    #[arg(long, value_enum, value_name = "HOW")]
    pub notify: Vec<Notice>,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, value_enum, default_value = "auto")]
    pub color: Color,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum IsolationWord {
    /// One database container per database spec
    Run,
    /// One per cell
    Cell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum NoTestsWord {
    /// That something is wrong with what was asked for
    Fail,
    /// Nothing
    Pass,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum BaseWord {
    Auto,
    Registry,
    Debian,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Notice {
    /// The terminal's bell
    Bell,
    /// A notice of the desktop, by way of the terminal
    Desktop,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    pub kind: ReportKind,
    pub path: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    Junit,
    Json,
    Markdown,
}

/// A label as `runtests.py` takes it. A path from the root of the checkout, which
/// is what shells complete, becomes the module it stands for.
#[allow(clippy::unnecessary_wraps, reason = "what clap takes")]
fn label(typed: &str) -> Result<String, String> {
    let path = typed.trim_start_matches("./");
    Ok(match path.strip_prefix("tests/") {
        Some(inside) => {
            let inside = inside.trim_end_matches('/');
            inside
                .strip_suffix(".py")
                .unwrap_or(inside)
                .replace('/', ".")
        }
        None => typed.to_owned(),
    })
}

fn report(typed: &str) -> Result<ReportFile, String> {
    let (kind, path) = typed
        .split_once('=')
        .ok_or("expected KIND=PATH, as in junit=report.xml")?;
    let kind = match kind {
        "junit" => ReportKind::Junit,
        "json" => ReportKind::Json,
        "markdown" => ReportKind::Markdown,
        other => {
            return Err(format!(
                "no report is called {other:?}; there are junit, json and markdown"
            ));
        }
    };
    if path.is_empty() {
        return Err("the path is missing, as in junit=report.xml".to_owned());
    }
    Ok(ReportFile {
        kind,
        path: path.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_tests_is_a_label() {
        for (typed, meant) in [
            ("tests/basic/tests.py", "basic.tests"),
            ("./tests/basic/", "basic"),
            ("basic.tests.ModelTest", "basic.tests.ModelTest"),
        ] {
            assert_eq!(label(typed).as_deref(), Ok(meant));
        }
    }

    #[test]
    fn reports_name_their_kind() {
        assert_eq!(
            report("junit=a=b.xml").map(|report| report.path),
            Ok(PathBuf::from("a=b.xml"))
        );
        assert!(report("pdf=x").is_err());
        assert!(report("junit=").is_err());
    }
}
