use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::{ConfigFile, names, variable};
use crate::cli::args::ConfigOptions;

/// Every option with its value, and where that comes from.
pub fn show(options: &ConfigOptions, command: &Command, file: &ConfigFile) -> String {
    let path = file.path.as_ref().map_or_else(
        || "nowhere: set HOME".to_owned(),
        |path| path.display().to_string(),
    );
    let mut text = format!("# configuration file: {path}\n");
    // As `djbuild run` without a word would have it; clap has checked the values.
    let matches = command.clone().try_get_matches_from(["djbuild", "run"]);
    let matches = matches.ok().and_then(|mut all| all.remove_subcommand());
    let (Some((_, matches)), Some(run)) = (matches, command.find_subcommand("run")) else {
        return text;
    };
    let names = names(command);
    let lines: Vec<(String, String)> = run
        .get_arguments()
        .filter_map(|arg| {
            let long = arg
                .get_long()
                .filter(|long| names.iter().any(|name| name == long))?;
            Some(line(arg, long, &matches, file))
        })
        .collect();
    let width = lines.iter().map(|(value, _)| value.chars().count()).max();
    for (value, origin) in &lines {
        if options.show_origin {
            text.push_str(&format!("{value:0$}  # {origin}\n", width.unwrap_or(0)));
        } else {
            text.push_str(&format!("{value}\n"));
        }
    }
    text
}

fn line(arg: &Arg, long: &str, matches: &ArgMatches, file: &ConfigFile) -> (String, String) {
    let id = arg.get_id().as_str();
    let typed: Vec<String> = matches
        .get_raw(id)
        .into_iter()
        .flatten()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    let origin = match matches.value_source(id) {
        Some(ValueSource::EnvVariable) => variable(long),
        Some(_) => file.place(long).unwrap_or_else(|| "default".to_owned()),
        None => "default".to_owned(),
    };
    let value = match (typed.as_slice(), arg.get_action().takes_values()) {
        ([], true) => format!("# {long} ="),
        ([only], false) => format!("{long} = {only}"),
        ([], false) => format!("{long} = false"),
        ([only], true) => format!("{long} = {only:?}"),
        (many, true) => format!("{long} = {many:?}"),
        (many, false) => format!("{long} = {}", many.join(" ")),
    };
    (value, origin)
}
