use std::process::ExitCode;

use crate::model::Outcome;

/// Every exit status there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Passed,
    Failed,
    Usage,
    Empty,
    Infrastructure,
    /// Another process watches already.
    Watched,
    Interrupted,
}

/// The table, as `--help` shows it.
pub const HELP: &str = "\
Exit status:
  0    every cell passed
  1    Django failed somewhere: tests failed, or a suite could not run
  2    the command or the matrix was wrong
  3    infrastructure: Docker, a database, memory, space, a timeout; or no
       cell had an image to run on
  4    another djbuild watches already, and nothing was done
  5    the suite ran and no test was in it
  130  interrupted";

impl Exit {
    const fn status(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Infrastructure => 3,
            Self::Watched => 4,
            // As Python's own unittest has it since 3.12, and pytest.
            Self::Empty => 5,
            Self::Interrupted => 130,
        }
    }

    /// The exit status of a run with this outcome.
    pub const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Failed | Outcome::Errored => Self::Failed,
            Outcome::Infrastructure | Outcome::Skipped => Self::Infrastructure,
            Outcome::Empty => Self::Empty,
            Outcome::Cancelled => Self::Interrupted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_shows_every_exit_status() {
        for exit in [
            Exit::Passed,
            Exit::Failed,
            Exit::Usage,
            Exit::Infrastructure,
            Exit::Empty,
            Exit::Interrupted,
        ] {
            let line = format!("\n  {} ", exit.status());
            assert!(HELP.contains(&line), "{exit:?}");
        }
    }
}
