use clap::ArgMatches;
use clap::parser::ValueSource;

use crate::cli::args::{Arguments, Command};

/// Lets a switch that was typed outweigh its opposite that is configured: a
/// configuration cannot be argued with by leaving a switch out.
pub fn settle(arguments: &mut Arguments, matches: &ArgMatches) {
    let Command::Run(options) = &mut arguments.command else {
        return;
    };
    let Some(run) = matches.subcommand_matches("run") else {
        return;
    };
    let typed = |name: &str| run.value_source(name) == Some(ValueSource::CommandLine);
    let (pace, output) = (&mut options.pace, &mut options.output);
    // Of two that are typed clap keeps the later.
    if typed("fail_fast") {
        pace.keep_going = false;
    } else if typed("keep_going") {
        pace.fail_fast = false;
    }
    if typed("verbose") {
        output.quiet = false;
    } else if typed("quiet") {
        output.verbose = false;
    }
}
