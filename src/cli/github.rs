use std::io::Write;

use super::args::Format;
use super::error::CliError;
use super::say::{say, warn};
use crate::event::Summary;
use crate::report;

/// What GitHub Actions shows beside a job's log, where this is one.
pub fn tell(summary: &Summary, format: Format) -> Result<(), CliError> {
    let is_action = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    if !is_action {
        return Ok(());
    }
    // Commands are read from standard output, which JSON has for itself.
    if format == Format::Text {
        say(&report::annotations(summary))?;
    }
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let written = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(&report::markdown(summary)));
    if let Err(error) = written {
        warn(&format!("the job's summary, {}: {error}", path.display()));
    }
    Ok(())
}
