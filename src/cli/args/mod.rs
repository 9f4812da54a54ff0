use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::exit;
mod select;

pub use select::SelectOptions;

const EXAMPLES: &str = "\
Examples:
  djbuild run                                this checkout, as it is on disk
  djbuild run aggregation queries.test_q     labels, as runtests.py takes them
  djbuild run --matrix django -p 3.13        one Python on every database
  djbuild run -s pypi:Django==6.1.3          a release
  djbuild run basic -- --shuffle             flags for runtests.py
  djbuild matrix -m django                   what would run, and what would not
  djbuild clean                              remove what dead runs left";

const MATRIX_EXAMPLES: &str = "\
Examples:
  djbuild matrix                                        the matrix of this checkout
  djbuild matrix -m django --cover pairwise             the fewest cells for every pair
  djbuild matrix --explain main-python3.14-postgresql17
  djbuild matrix -m mine.toml --check                   the file's own tests
  djbuild matrix --format github >> \"$GITHUB_OUTPUT\"";

/// Tests Django on every combination that matters: branch × Python × database.
#[derive(Debug, Parser)]
#[command(name = "djbuild", version, arg_required_else_help = true)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run Django's test suite in every cell of a matrix
    #[command(after_help = exit::HELP)]
    Run(Box<RunOptions>),
    /// Show what would run and what is left out, with reasons; needs no Docker
    Matrix(Box<MatrixOptions>),
    /// Print the JSON schema of matrix files, for editors
    Schema,
    /// Remove containers, networks and volumes that dead runs left
    Clean(CleanOptions),
}

#[derive(Debug, Args)]
pub struct RunOptions {
    /// Test labels, as runtests.py takes them; none means the whole suite
    #[arg(value_name = "LABEL")]
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
    /// Give each cell a database container of its own
    #[arg(long, value_enum)]
    pub isolation: Option<IsolationWord>,
    /// How long a cell may take: 90s, 10m, 2h
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = duration)]
    pub timeout: Duration,
    /// How long no test may finish before the cell counts as hung
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub quiet_timeout: Duration,
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
}

/// What is shown and kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// What goes to standard output: a table and failures, or every event as a line of JSON
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Write a report when the run ends: junit=PATH or json=PATH; may be repeated
    #[arg(long, value_name = "KIND=PATH", value_parser = report)]
    pub report: Vec<ReportFile>,
    /// Show only what goes wrong
    #[arg(long, short, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show every line of builds and cells, and why tests were skipped
    #[arg(long, short)]
    pub verbose: bool,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, value_enum, default_value = "auto")]
    pub color: Color,
}

#[derive(Debug, Args)]
#[command(after_help = MATRIX_EXAMPLES)]
pub struct MatrixOptions {
    #[command(flatten)]
    pub select: SelectOptions,
    /// Why this cell is in or out: its name, or a glob over names
    #[arg(long, value_name = "CELL", help_heading = "What to show")]
    pub explain: Option<String>,
    /// Compare the matrix with what its file expects; exits with 2 where it is not so
    #[arg(long, help_heading = "What to show")]
    pub check: bool,
    /// List the matrix files there are
    #[arg(long, help_heading = "What to show")]
    pub list: bool,
    /// How to show it
    #[arg(
        long,
        value_enum,
        default_value = "grid",
        help_heading = "What to show"
    )]
    pub format: MatrixFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MatrixFormat {
    /// A grid that fits the terminal
    Grid,
    /// The names of the cells, a line each
    List,
    /// Everything
    Json,
    /// What GitHub Actions takes for strategy.matrix
    Github,
}

#[derive(Debug, Args)]
pub struct CleanOptions {
    /// Show what would be removed and remove nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum IsolationWord {
    /// One database container per database spec
    Run,
    /// One per cell
    Cell,
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    pub kind: ReportKind,
    pub path: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    Junit,
    Json,
}

fn report(typed: &str) -> Result<ReportFile, String> {
    let (kind, path) = typed
        .split_once('=')
        .ok_or("expected KIND=PATH, as in junit=report.xml")?;
    let kind = match kind {
        "junit" => ReportKind::Junit,
        "json" => ReportKind::Json,
        other => {
            return Err(format!(
                "no report is called {other:?}; there are junit and json"
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

fn duration(typed: &str) -> Result<Duration, String> {
    let problem = || "expected a time such as 90s, 10m or 2h".to_owned();
    let (number, unit) = match typed.char_indices().last() {
        Some((end, 's')) => (&typed[..end], 1),
        Some((end, 'm')) => (&typed[..end], 60),
        Some((end, 'h')) => (&typed[..end], 3600),
        _ => (typed, 1),
    };
    let seconds: u64 = number.parse().map_err(|_| problem())?;
    match seconds.checked_mul(unit) {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(problem()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for typed in ["", "h", "0", "-1m", "99999999999999999999s", "5 minutes"] {
            assert!(duration(typed).is_err(), "{typed:?}");
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
