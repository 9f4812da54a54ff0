//! The composition root: what is typed becomes values, the rooms do the work,
//! and errors are told once.

mod args;
mod asked;
mod clean;
mod diagnostics;
mod error;
mod exit;
mod host;
mod matrix;
mod matrix_file;
mod planning;
mod report_file;
mod run;
mod screen;
mod sinks;
mod sources;
mod tree;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use error::CliError;
use exit::Exit;
use sinks::warn;

/// Does what the command line says.
pub fn main() -> ExitCode {
    // A bug is told in a line that a person can pass on.
    std::panic::set_hook(Box::new(|panic| {
        warn(&format!("a bug in djbuild, please report it: {panic}"));
    }));
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // clap tells help and mistakes apart, and where each is printed.
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Passed.into()
            };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("djbuild: no threads to run on: {error}");
            return Exit::Infrastructure.into();
        }
    };
    let result = runtime.block_on(async {
        match arguments.command {
            Command::Run(options) => run::run(*options).await,
            Command::Matrix(options) => matrix::matrix(&options),
            Command::Schema => {
                sinks::say(&format!("{:#}\n", crate::spec::schema()));
                Ok(Exit::Passed)
            }
            Command::Clean(options) => clean::clean(&options).await,
        }
    });
    // A thread that still reads a file must not keep the user waiting.
    runtime.shutdown_background();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            tell(&error);
            error.exit().into()
        }
    }
}

/// Says what ended a command; a matrix file's problems with its lines.
fn tell(error: &CliError) {
    match error {
        CliError::Spec(problems) => {
            let renderer = screen::renderer();
            warn(&format!(
                "the matrix is wrong\n{}",
                diagnostics::render(problems, &renderer)
            ));
        }
        error => warn(&error.to_string()),
    }
}

/// What a command comes to.
type Outcome = Result<Exit, CliError>;
