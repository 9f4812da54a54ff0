use std::path::Path;

use clap::{Command, CommandFactory};

use super::args::{Arguments, ManOptions};
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::say::say;

/// The manual page of djbuild, or the pages of all its commands into a folder.
pub fn man(options: &ManOptions) -> Outcome {
    let command = Arguments::command().disable_help_subcommand(true);
    match &options.out {
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(CliError::read(folder))?;
            let count = write_pages(&command, folder)?;
            say(&format!("{count} pages in {}\n", folder.display()))?;
        }
        None => say(&String::from_utf8_lossy(&page(command)?))?,
    }
    Ok(Exit::Passed)
}

fn page(command: Command) -> Result<Vec<u8>, CliError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(CliError::read("djbuild.1"))?;
    let text = String::from_utf8_lossy(&page);
    // Examples and exit statuses are columns, not paragraphs.
    let text = match text.split_once(".SH EXTRA\n") {
        Some((before, after)) => {
            let (extra, rest) = match after.find("\n.SH ") {
                Some(end) => after.split_at(end + 1),
                None => (after, ""),
            };
            format!("{before}.SH EXAMPLES\n.nf\n{extra}.fi\n{rest}")
        }
        None => text.into_owned(),
    };
    Ok(text.into_bytes())
}

/// A page for each command, called as `man djbuild-run` finds it.
fn write_pages(command: &Command, folder: &Path) -> Result<usize, CliError> {
    let mut command = command.clone();
    command.build();
    let mut count = 0;
    let mut waiting = vec![("djbuild".to_owned(), command)];
    while let Some((name, command)) = waiting.pop() {
        for below in command.get_subcommands() {
            waiting.push((format!("{name}-{}", below.get_name()), below.clone()));
        }
        let path = folder.join(format!("{name}.1"));
        let page = page(command.name(name))?;
        std::fs::write(&path, page).map_err(|error| CliError::Write { path, error })?;
        count += 1;
    }
    Ok(count)
}
