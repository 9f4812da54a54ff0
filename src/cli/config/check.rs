use clap::error::ErrorKind;
use clap::{Arg, Command};

use super::{ConfigFile, names, switch, variable};
use crate::cli::error::CliError;

/// Checks every value of the file and of the variables by itself, so that one that
/// is wrong is told with where it is from, whatever command it would be for.
///
/// # Errors
/// All that are wrong.
pub fn check(command: &Command, file: &ConfigFile) -> Result<(), CliError> {
    let mut wrong = Vec::new();
    for name in names(command) {
        let from_file = file
            .values(&name)
            .map(<[String]>::to_vec)
            .unwrap_or_default();
        let place = file.place(&name).unwrap_or_default();
        let from_variable = std::env::var(variable(&name)).ok();
        let values = from_file.into_iter().map(|value| (value, place.clone()));
        let variable = from_variable.map(|value| (value, variable(&name)));
        for (value, origin) in values.chain(variable) {
            if let Some(why) = refused(command, &name, &value) {
                wrong.push(format!("{origin}: {name}: {why}"));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(CliError::Usage(wrong.join("\n")))
}

/// Why an option does not take a value.
fn refused(command: &Command, name: &str, value: &str) -> Option<String> {
    let run = command.find_subcommand("run")?;
    let arg = run
        .get_arguments()
        .find(|arg| arg.get_long() == Some(name))?;
    if !arg.get_action().takes_values() {
        let switch = Arg::new("switch").long("switch").value_parser(switch());
        let typed = format!("--switch={value}");
        let known = Command::new("run")
            .arg(switch)
            .try_get_matches_from(["run", &typed])
            .is_ok();
        return (!known).then(|| format!("{value:?} is neither true nor false"));
    }
    let typed = format!("--{name}={value}");
    // Of the bare option: variables and the file would be looked at again.
    let alone = Command::new("run").arg(arg.clone().env(None::<&str>));
    let error = alone.try_get_matches_from(["run", &typed]).err()?;
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    if error.kind() == ErrorKind::InvalidValue {
        let possible = text.lines().find(|line| line.contains("possible values"));
        let possible = possible.map_or("", |line| line.trim().trim_matches(['[', ']']));
        return Some(format!("{value:?} is none of the {possible}"));
    }
    let reason = first.rsplit(": ").next().unwrap_or(first);
    Some(format!("{value:?}: {reason}"))
}
