//! The composition root: what is typed becomes values, the rooms do the work,
//! and errors are told once.

mod access;
mod args;
mod attention;
mod audience;
mod clean;
mod completions;
mod config;
mod connect;
mod console;
mod diagnostics;
mod doctor;
mod error;
mod exit;
mod github;
mod going;
mod history;
mod image_build;
mod images;
mod init;
mod interrupt;
mod logs;
mod man;
mod matrix;
mod named;
mod pager;
mod prune;
mod report_file;
mod request;
mod run;
mod say;
mod screen;
mod show;
mod told;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use clap_complete::CompleteEnv;

use args::{Arguments, Command};
use config::{ConfigFile, ConfigPlace};
use error::CliError;
use exit::Exit;
use say::{say, warn};

use crate::run::RunError;

/// Does what the command line says.
pub fn main() -> ExitCode {
    // A bug is told in a line that a person can pass on.
    std::panic::set_hook(Box::new(|panic| {
        warn(&format!("a bug in djbuild, please report it: {panic}"));
    }));
    // Answers a shell that asks how a word goes on, and ends then.
    CompleteEnv::with_factory(Arguments::command)
        .var(completions::VARIABLE)
        .complete();
    let plain = Arguments::command();
    let read = ConfigFile::read(ConfigPlace::find().as_ref(), &config::names(&plain))
        .and_then(|file| config::check(&plain, &file).map(|()| file));
    let file = match read {
        Ok(file) => file,
        Err(error) => return tell(&error),
    };
    let command = config::apply(plain, &file);
    let parsed = command.clone().try_get_matches().and_then(|matches| {
        let mut arguments = Arguments::from_arg_matches(&matches)?;
        config::settle(&mut arguments, &matches);
        Ok(arguments)
    });
    let arguments = match parsed {
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
            warn(&format!("no threads to run on: {error}"));
            return Exit::Infrastructure.into();
        }
    };
    let result = runtime.block_on(async {
        match arguments.command {
            Command::Run(options) => run::run(*options).await,
            Command::Matrix(options) => matrix::matrix(&options),
            Command::Watch(options) => watch::watch(*options).await,
            Command::Status(options) => watch::status(&options).await,
            Command::Force(options) => watch::force(&options),
            Command::Pause(options) => watch::pause(&options),
            Command::Resume(options) => watch::resume(&options),
            Command::Cancel(options) => watch::cancel(&options),
            Command::Stop(options) => watch::stop(&options),
            Command::Resend(options) => watch::resend(&options),
            Command::User(command) => access::user(&command),
            Command::Token(command) => access::token(&command),
            Command::Try(options) => watch::try_out(options).await,
            Command::Reload => watch::reload(),
            Command::Console => console::console().await,
            Command::Init(options) => init::init(&options),
            Command::Doctor(options) => doctor::doctor(&options).await,
            Command::History(options) => history::history(&options),
            Command::Show(options) => show::show(&options),
            Command::Logs(options) => logs::logs(&options),
            Command::Prune(options) => prune::prune(&options),
            Command::Images(command) => images::images(*command).await,
            Command::Clean(options) => clean::clean(&options).await,
            Command::Config(options) => {
                say(&config::show(&options, &command, &file))?;
                Ok(Exit::Passed)
            }
            Command::Schema => {
                say(&format!("{:#}\n", crate::spec::schema()))?;
                Ok(Exit::Passed)
            }
            Command::Completions { shell } => completions::script(shell),
            Command::Man(options) => man::man(&options),
        }
    });
    // A thread that still reads a file must not keep the user waiting.
    runtime.shutdown_background();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => tell(&error),
    }
}

/// Says what ended a command; what is wrong with a file, with its lines.
fn tell(error: &CliError) -> ExitCode {
    let (what, problems) = match error {
        CliError::Run {
            error: RunError::Spec(problems),
        } => ("the matrix", problems),
        CliError::Config(problems) => ("the configuration", problems),
        error => {
            warn(&error.to_string());
            return error.exit().into();
        }
    };
    let text = diagnostics::render(problems, &screen::renderer());
    warn(&format!("{what} is wrong\n{text}"));
    error.exit().into()
}
