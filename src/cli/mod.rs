//! The composition root: what is typed becomes values, the rooms do the work,
//! and errors are told once.

mod args;
mod clean;
mod error;
mod exit;
mod host;
mod matrix;
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

/// Does what the command line says.
pub fn main() -> ExitCode {
    // A bug is told in a line that a person can pass on.
    std::panic::set_hook(Box::new(|panic| {
        sinks::warn(&format!("a bug in djbuild, please report it: {panic}"));
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
            Command::Clean(options) => clean::clean(&options).await,
        }
    });
    // A thread that still reads a file must not keep the user waiting.
    runtime.shutdown_background();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("djbuild: {error}");
            error.exit().into()
        }
    }
}

/// What a command comes to.
type Outcome = Result<Exit, CliError>;
