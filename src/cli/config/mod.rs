//! Configuration: a flag, else a variable, else a line of the file, else the
//! default; the same for every option.

mod check;
mod file;
mod settle;
mod show;

use clap::Command;
use clap::builder::BoolishValueParser;

pub use check::check;
pub use file::{ConfigFile, ConfigPlace};
pub use settle::settle;
pub use show::show;

/// Options that are about one call and no other, and so cannot be configured.
const NOT_CONFIGURED: [&str; 2] = ["help", "format"];

/// Options that another command calls by the same name and means otherwise: what is
/// tested by default is not what is looked for among old runs.
const MEANT_OTHERWISE: [(&str, &str); 6] = [
    ("history", "branch"),
    // These stand in place of a watcher's file.
    ("watch", "source"),
    ("watch", "branch"),
    ("watch", "matrix"),
    ("force", "branch"),
    ("try", "branch"),
];

/// The variable of an option.
pub fn variable(long: &str) -> String {
    format!("DJBUILD_{}", long.replace('-', "_").to_uppercase())
}

/// What a switch takes from a variable or the file: true, no, on, 0 and the like.
fn switch() -> BoolishValueParser {
    BoolishValueParser::new()
}

/// The long names of what can be configured: the options of `djbuild run`.
pub fn names(command: &Command) -> Vec<String> {
    let run = command.find_subcommand("run");
    run.into_iter()
        .flat_map(Command::get_arguments)
        .filter_map(clap::Arg::get_long)
        .filter(|name| !NOT_CONFIGURED.contains(name))
        .map(str::to_owned)
        .collect()
}

/// Lets every command take what is configured for its options.
pub fn apply(command: Command, file: &ConfigFile) -> Command {
    let names = names(&command);
    apply_below(command, &names, file)
}

fn apply_below(command: Command, names: &[String], file: &ConfigFile) -> Command {
    let own = command.get_name().to_owned();
    command
        .mut_args(|arg| {
            let configured = arg
                .get_long()
                .filter(|long| names.iter().any(|name| name == long))
                .filter(|long| !MEANT_OTHERWISE.contains(&(own.as_str(), long)));
            let Some(long) = configured.map(str::to_owned) else {
                return arg;
            };
            let is_switch = !arg.get_action().takes_values();
            let mut arg = arg.env(variable(&long)).hide_env(true);
            if is_switch {
                arg = arg.value_parser(switch());
            }
            match file.values(&long) {
                Some(values) => arg
                    .default_values(values.to_vec())
                    .hide_default_value(false),
                None => arg,
            }
        })
        .mut_subcommands(|command| apply_below(command, names, file))
}
