use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Color, Format, ImageOptions, KeepOptions, PaceOptions, SelectOptions, duration};

/// Shown after the options of `watch`.
pub const WATCH_HELP: &str = "\
What to watch stands in the [watch] table of djbuild.toml, which `djbuild init --watch`
writes; or it is typed: -s for the repository, -b for branches, -m -p -d for cells.

Examples:
  djbuild init --watch && djbuild watch --check    what it would do, and when next
  djbuild watch                              until Ctrl-C, which lets runs end; twice ends them
  djbuild watch --listen 127.0.0.1:8010      with a page that shows how all of it stands
  djbuild watch --once                       for cron: look once, run what is due
  djbuild watch -s https://github.com/me/django -b main -m quick
  djbuild status                             from another terminal
  djbuild reload                             it reads its file again, as at a SIGHUP

Exit status of --once: as of `djbuild run`, of the worst of what it ran; 0 where nothing
was due; 4 where another djbuild watches already, and nothing was done.";

/// Shown after the options of `force`.
pub const FORCE_HELP: &str = "\
Examples:
  djbuild force --branch main --reason 'before the release'
  djbuild force --branch stable/6.1.x --cell stable/6.1.x-python3.14-sqlite --reason flaky?

A watcher that goes on begins it at once; without one, the next `djbuild watch` does.";

#[derive(Debug, Args)]
pub struct WatchOptions {
    #[command(flatten)]
    pub select: SelectOptions,
    #[command(flatten)]
    pub pace: PaceOptions,
    #[command(flatten)]
    pub images: ImageOptions,
    #[command(flatten)]
    pub keeping: KeepOptions,
    /// Test labels, as runtests.py takes them; without any, the whole suite
    #[arg(value_name = "LABEL")]
    pub labels: Vec<String>,
    /// Look once, run what is due, and exit with what it came to
    #[arg(long, help_heading = "Watching")]
    pub once: bool,
    /// Say what would happen and when next, whether all of it is right, and do nothing
    #[arg(long, help_heading = "Watching", conflicts_with = "once")]
    pub check: bool,
    /// Send a test notice to everybody who is told
    #[arg(long, help_heading = "Watching", requires = "check")]
    pub send_test: bool,
    /// How to write what happens: lines with times, or JSON, an object a line; without
    /// times where systemd's journal has them
    #[arg(
        long,
        value_enum,
        default_value = "text",
        value_name = "SHAPE",
        help_heading = "Watching"
    )]
    pub log: LogWord,
    /// How often repositories are asked, in place of what the file says
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Watching")]
    pub interval: Option<Duration>,
    /// Show how all of it stands on a page at this address, as in 127.0.0.1:8010
    #[arg(long, value_name = "ADDRESS:PORT", help_heading = "Watching", conflicts_with_all = ["once", "check"])]
    pub listen: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogWord {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub struct StatusOptions {
    /// Show it again and again, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// How to show it
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, value_enum, default_value = "auto")]
    pub color: Color,
}

#[derive(Debug, Args)]
pub struct ForceOptions {
    /// The branch whose tip is run
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub branch: String,
    /// Only this cell, by its name; may be repeated
    #[arg(long, value_name = "CELL")]
    pub cell: Vec<String>,
    /// As this scheduler would run it [default: the first that watches the branch]
    #[arg(long, value_name = "NAME")]
    pub scheduler: Option<String>,
    /// Why, for others who look at the queue
    #[arg(long, value_name = "WORDS")]
    pub reason: String,
}

/// Shown after the options of `try`.
pub const TRY_HELP: &str = "\
Without a patch it tries what the checkout around the current folder has and the watched
branch has not: commits, uncommitted changes and new files that git does not ignore.

Examples:
  djbuild try queries aggregation            what is here, and of the suite these labels
  djbuild try --branch stable/6.1.x fix.patch --cell stable/6.1.x-python3.13-sqlite
  git diff | ssh farm djbuild try -          from elsewhere

It is followed from here; Ctrl-C leaves it running, twice ends it. It says nothing of the
branch. Exit status: as of `djbuild run`.";

#[derive(Debug, Args)]
pub struct TryOptions {
    /// A patch (a file that ends in .patch or .diff; - is standard input), then test labels
    #[arg(value_names = ["PATCH|LABEL", "LABEL"], num_args = 0..)]
    pub what: Vec<String>,
    /// Try what is in this checkout, whatever labels are called
    #[arg(long)]
    pub diff: bool,
    /// The branch it is for
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub branch: String,
    /// Only this cell, by its name; may be repeated
    #[arg(long, value_name = "CELL")]
    pub cell: Vec<String>,
    /// As this scheduler would run it [default: the first that watches the branch]
    #[arg(long, value_name = "NAME")]
    pub scheduler: Option<String>,
    /// Why, for others who look at the queue
    #[arg(long, value_name = "WORDS", default_value = "a try")]
    pub reason: String,
    /// How large a patch may be, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub patch_limit: u64,
}

impl TryOptions {
    /// The patch, if one is named, and the labels.
    pub fn split(&self) -> (Option<&Path>, &[String]) {
        match self.what.split_first() {
            Some((first, labels)) if !self.diff && is_patch(first) => {
                (Some(Path::new(first)), labels)
            }
            _ => (None, &self.what),
        }
    }
}

fn is_patch(word: &str) -> bool {
    let ending = Path::new(word).extension();
    word == "-" || ending.is_some_and(|ending| ending == "patch" || ending == "diff")
}

#[derive(Debug, Args)]
pub struct PauseOptions {
    /// A branch or a scheduler [default: everything]
    #[arg(value_name = "BRANCH|SCHEDULER")]
    pub what: Option<String>,
}

#[derive(Debug, Args)]
pub struct CancelOptions {
    /// The request's number, as `djbuild status` shows it
    #[arg(value_name = "REQUEST")]
    pub request: i64,
}

#[derive(Debug, Args)]
pub struct StopOptions {
    /// The run's id, as `djbuild status` shows it, or the beginning of it; or the name of a
    /// cell, which ends alone
    #[arg(value_name = "RUN|CELL")]
    pub run: String,
}

#[derive(Debug, Args)]
pub struct ResendOptions {
    /// The notice's number, as `djbuild status` shows it, or its id
    #[arg(value_name = "NOTICE")]
    pub notice: String,
}
