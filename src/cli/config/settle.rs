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
    for (name, switch, opposite) in [
        ("fail_fast", pace.fail_fast, &mut pace.keep_going),
        ("verbose", output.verbose, &mut output.quiet),
    ] {
        if switch && typed(name) {
            *opposite = false;
        }
    }
    for (name, switch, opposite) in [
        ("keep_going", pace.keep_going, &mut pace.fail_fast),
        ("quiet", output.quiet, &mut output.verbose),
    ] {
        if switch && typed(name) {
            *opposite = false;
        }
    }
}
