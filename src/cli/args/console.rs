use clap::{Parser, Subcommand};

use super::{CancelOptions, ForceOptions, PauseOptions, ResendOptions, StopOptions};

/// Shown after the description of `console`.
pub const CONSOLE_HELP: &str = "\
Examples:
  djbuild console                            a prompt; help says what it knows
  ssh farm djbuild console                   from elsewhere
  echo 'pause nightly' | djbuild console     a line each; exits with 1 where one failed";

/// What is typed at the console's prompt.
#[derive(Debug, Parser)]
#[command(name = "console", no_binary_name = true, disable_help_flag = true)]
#[command(help_template = "{subcommands}")]
pub struct ConsoleLine {
    #[command(subcommand)]
    pub command: ConsoleCommand,
}

#[derive(Debug, Subcommand)]
pub enum ConsoleCommand {
    /// How the farm stands
    Status,
    /// What waits, and why
    Queue,
    /// What is carried out
    Running,
    /// The cells of what is carried out, and how far they are
    Cells {
        /// Of this run alone: its id, or the beginning of it
        #[arg(value_name = "RUN", default_value = "")]
        run: String,
    },
    /// What happens, as it happens, until Enter
    Events,
    /// When clocks set something off next
    Schedulers,
    /// Write more or less to the watcher's log
    Log {
        /// error, warn, info or debug
        #[arg(value_name = "LEVEL")]
        level: String,
    },
    /// Have the tip of a branch run now
    Force(ForceOptions),
    /// Begin nothing more of a branch, a scheduler or everything; what runs goes on
    Pause(PauseOptions),
    /// End a pause
    Resume(PauseOptions),
    /// End a request that waits or runs
    Cancel(CancelOptions),
    /// End a run, or a cell of one alone
    Stop(StopOptions),
    /// Send a notice again that nobody took
    Resend(ResendOptions),
    /// Have the watcher read its file again
    Reload,
    /// Leave the console; the watcher goes on
    #[command(alias = "exit")]
    Quit,
}
