//! The command line, as clap types.

mod access;
mod console;
mod keep;
mod run;
mod select;
mod store;
mod tools;
mod watch;

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use clap_complete::engine::ArgValueCompleter;

use super::{completions, exit};

pub use access::{FileOptions, ScopeWord, TokenCommand, UserCommand};
pub use console::{ConsoleCommand, ConsoleLine};
pub use keep::KeepOptions;
pub use run::{
    BaseWord, Color, Format, ImageOptions, IsolationWord, NoTestsWord, Notice, OutputOptions,
    PaceOptions, ReportFile, ReportKind, RunOptions,
};
pub use select::{CoverWord, SelectOptions};
pub use store::{HistoryOptions, LogsOptions, PruneRunsOptions, ShowOptions};
pub use tools::{
    BuildOptions, CleanOptions, ConfigOptions, DoctorOptions, ImagesCommand, InitOptions,
    ManOptions, PruneOptions,
};
pub use watch::{
    CancelOptions, ForceOptions, LogWord, PauseOptions, ResendOptions, StatusOptions, StopOptions,
    TryOptions, WatchOptions,
};

const EXAMPLES: &str = "\
Examples:
  djbuild run                                this checkout, as it is on disk
  djbuild run aggregation queries.test_q     labels, as runtests.py takes them
  djbuild run --matrix django -p 3.13        one Python on every database
  djbuild matrix -m django                   what would run, and what would not
  djbuild doctor                             what this machine lacks
  djbuild help run                           everything about one command";

const MATRIX_EXAMPLES: &str = "\
Examples:
  djbuild matrix                                        the matrix of this checkout
  djbuild matrix -m django --cover pairwise             the fewest cells for every pair
  djbuild matrix --explain main-python3.14-postgresql17
  djbuild matrix -m mine.toml --check                   the file's own tests
  echo \"cells=$(djbuild matrix --format github)\" >> \"$GITHUB_OUTPUT\"";

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
    #[command(after_help = format!("{}\n\n{}", run::HELP, exit::HELP))]
    Run(Box<RunOptions>),
    /// Show what would run and what is left out, with reasons; needs no Docker
    Matrix(Box<MatrixOptions>),
    /// Watch repositories, and run what moves
    #[command(after_help = watch::WATCH_HELP)]
    Watch(Box<WatchOptions>),
    /// Show how the farm stands: branches, what runs and waits, and why
    Status(StatusOptions),
    /// Have the tip of a branch run now
    #[command(after_help = watch::FORCE_HELP)]
    Force(ForceOptions),
    /// Begin nothing more of a branch, a scheduler or everything; what runs goes on
    Pause(PauseOptions),
    /// End a pause
    Resume(PauseOptions),
    /// End a request that waits or runs
    Cancel(CancelOptions),
    /// End a run of the watcher's, or a cell of one
    Stop(StopOptions),
    /// Send a notice again that nobody took
    Resend(ResendOptions),
    /// Say who may log in to steer a watcher, by a password file
    #[command(subcommand, after_help = access::USER_HELP)]
    User(UserCommand),
    /// Make and take back what scripts show to be let in
    #[command(subcommand, after_help = access::TOKEN_HELP)]
    Token(TokenCommand),
    /// Have what is in this checkout, or a patch, tried on the watcher's queue
    #[command(after_help = watch::TRY_HELP)]
    Try(TryOptions),
    /// Have a watcher that goes on read its file again
    Reload,
    /// Speak with a watcher that goes on
    #[command(after_help = console::CONSOLE_HELP)]
    Console,
    /// Write a matrix file to start from
    Init(InitOptions),
    /// Check that this machine can run djbuild, and say what to do where not
    Doctor(DoctorOptions),
    /// List the runs that are kept
    #[command(after_help = store::HISTORY_HELP)]
    History(HistoryOptions),
    /// Show a run again, one of its cells, or one test in all of them
    #[command(after_help = store::SHOW_HELP)]
    Show(ShowOptions),
    /// Print the log of a cell, or follow it
    #[command(after_help = store::LOGS_HELP)]
    Logs(LogsOptions),
    /// Remove runs that need not be kept
    #[command(after_help = store::PRUNE_HELP)]
    Prune(PruneRunsOptions),
    /// Make, list and remove the images that cells stand on
    #[command(subcommand)]
    Images(Box<ImagesCommand>),
    /// Remove containers, networks and volumes that dead runs left
    #[command(after_help = tools::CLEAN_HELP)]
    Clean(CleanOptions),
    /// Show the configuration, and where each value comes from
    Config(ConfigOptions),
    /// Print the JSON schema of matrix files, for editors
    Schema,
    /// Print the shell's script that completes djbuild's words
    #[command(after_help = tools::COMPLETIONS_HELP)]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page, or write all of them into a folder
    Man(ManOptions),
}

#[derive(Debug, Args)]
#[command(after_help = MATRIX_EXAMPLES)]
pub struct MatrixOptions {
    #[command(flatten)]
    pub select: SelectOptions,
    /// Why this cell is in or out: its name, or a glob over names
    #[arg(long, value_name = "CELL", help_heading = "What to show", add = ArgValueCompleter::new(completions::cells))]
    pub explain: Option<String>,
    /// Compare the whole matrix with what its file expects; exits with 2 where it is not so
    #[arg(long, help_heading = "What to show", conflicts_with_all = ["explain", "list"])]
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

/// A time as typed; a number alone is seconds.
///
/// # Errors
/// With what was expected.
pub fn duration(typed: &str) -> Result<Duration, String> {
    let seconds = typed.parse().map(Duration::from_secs);
    let time = seconds.or_else(|_| humantime::parse_duration(typed));
    match time {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("expected a time such as 90s, 10m, 2h30m or 30d".to_owned()),
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
        assert_eq!(duration("2h30m"), Ok(Duration::from_secs(9000)));
        assert_eq!(duration("30d"), Ok(Duration::from_secs(30 * 86_400)));
        for typed in ["", "h", "0", "-1m", "99999999999999999999s", "5 lightyears"] {
            assert!(duration(typed).is_err(), "{typed:?}");
        }
    }
}
