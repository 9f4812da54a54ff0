use clap::Args;

use super::keep::KeepOptions;
use super::{Color, Format};

/// Shown after the options of `history`.
pub const HISTORY_HELP: &str = "\
Examples:
  djbuild history                            the last runs
  djbuild history --branch 'stable/*' --outcome failed
  djbuild history --cell '*-mysql8.4' --limit 100

Outcomes are passed, failed, errored, infrastructure, empty, cancelled, skipped, running
and interrupted: cut off, its process is gone.

--format json is a list of objects: run, began and ended (milliseconds since 1970), seconds,
outcome, matrix, arguments, branches (branch, revision, source, modified), branch and
revision of the first, scheduler and cause of a run that nobody typed, cells (how many by
outcome; unfinished are those that have none), tests, bad. What is unknown is null. Keys
are added and none is taken away.";

/// Shown after the options of `show`.
pub const SHOW_HELP: &str = "\
Examples:
  djbuild show                               the last run, as it was shown at its end
  djbuild show -2                            the one before it
  djbuild show 20261123-1830                 the run whose id begins so
  djbuild show latest main-python3.14-sqlite
  djbuild show latest queries.tests.QTests.test_x
  djbuild show test_x                        in the last run, by the end of its name

--format json: of a run, its report as of --report json=PATH, with run and outcome (as in
`djbuild history`) before it; of a cell, the same for the cell as run, cell, phases (phase,
seconds), slowest and running; of a test, run, test and cells (cell, results). Keys are
added and none is taken away.";

/// Shown after the options of `logs`.
pub const LOGS_HELP: &str = "\
Examples:
  djbuild logs main-python3.14-sqlite        of the last run
  djbuild logs -2 mysql8.4                   of the one before, the only such cell
  djbuild logs sqlite --follow               as it is written, in another terminal
  djbuild logs --service postgresql17        what is kept of a service

On a terminal PAGER shows it, or `less -R`; NO_PAGER=1 or --no-pager prints it.

--format json is a line for each event, as of `djbuild run --format json`.";

/// Shown after the options of `prune`.
pub const PRUNE_HELP: &str = "\
The last run of each branch and matrix stays, and so does a run that goes on. Mirrors,
branches and releases in the cache go when nobody has used them for 30 days.

Examples:
  djbuild prune --dry-run                    what would go
  djbuild prune --keep-for 7d --keep-size 500MB
  djbuild prune --reindex                    make the index again from the runs' folders";

#[derive(Debug, Args)]
pub struct HistoryOptions {
    /// Only runs of such a branch: a name or a glob
    #[arg(long, value_name = "GLOB")]
    pub branch: Option<String>,
    /// Only runs with such a cell, of which alone it tells: a name or a glob
    #[arg(long, value_name = "GLOB")]
    pub cell: Option<String>,
    /// Only runs that came to this; with --cell, those in which such a cell did
    #[arg(long, value_name = "OUTCOME", value_parser = outcome)]
    pub outcome: Option<String>,
    /// How many runs at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// How to show it
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, value_enum, default_value = "auto")]
    pub color: Color,
}

#[derive(Debug, Args)]
pub struct ShowOptions {
    /// A run (its id or the beginning of it, latest, -2 for the one before), then a cell or a test
    #[arg(value_names = ["RUN", "CELL|TEST"], num_args = 0..=2, allow_negative_numbers = true)]
    pub what: Vec<String>,
    /// How to show it
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, value_enum, default_value = "auto")]
    pub color: Color,
}

#[derive(Debug, Args)]
pub struct LogsOptions {
    /// A run (its id or the beginning of it, latest, -2 for the one before), then a cell
    #[arg(value_names = ["RUN", "CELL"], num_args = 0..=2, allow_negative_numbers = true, required_unless_present = "service")]
    pub what: Vec<String>,
    /// What is kept of a service's log, by its name
    #[arg(long, value_name = "SERVICE", conflicts_with_all = ["follow", "raw"])]
    pub service: Option<String>,
    /// Go on until the cell or the run has ended
    #[arg(long, short)]
    pub follow: bool,
    /// What the cell wrote and nothing else: no results, no phases
    #[arg(long)]
    pub raw: bool,
    /// Print it, on a terminal too
    #[arg(long)]
    pub no_pager: bool,
    /// How to show it
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, value_enum, default_value = "auto")]
    pub color: Color,
}

#[derive(Debug, Args)]
pub struct PruneRunsOptions {
    #[command(flatten)]
    pub keeping: KeepOptions,
    /// Make the index again from the runs' folders, before anything else
    #[arg(long)]
    pub reindex: bool,
    /// Show what would be removed and remove nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
}

/// An outcome of a run or a cell.
fn outcome(typed: &str) -> Result<String, String> {
    const WORDS: [&str; 10] = [
        "passed",
        "failed",
        "errored",
        "infrastructure",
        "empty",
        "cancelled",
        "skipped",
        "running",
        "interrupted",
        "unfinished",
    ];
    if WORDS.contains(&typed) {
        Ok(typed.to_owned())
    } else {
        Err(match crate::spec::nearest(typed, &WORDS) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("expected {}", crate::spec::either(&WORDS)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_one_there_is() {
        assert!(outcome("interrupted").is_ok());
        assert_eq!(outcome("faild"), Err("did you mean failed?".to_owned()));
    }
}
