use std::path::PathBuf;

use clap::CommandFactory;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use crate::cli::args::ConsoleLine;
use crate::cli::error::CliError;
use crate::cli::watch::{Level, seen};
use crate::run::Home;
use crate::watch::Status;

/// What was typed at the prompt.
pub enum Typed {
    /// A line.
    Line(String),
    /// Ctrl-C: the line is given up.
    Nothing,
    /// Ctrl-D: nothing more.
    End,
}

/// A prompt with a history that is kept.
pub struct Prompt {
    editor: Editor<Completions, FileHistory>,
    history: PathBuf,
}

impl Prompt {
    /// Begins with what was typed before.
    pub fn begin() -> Result<Self, CliError> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .auto_add_history(true)
            .build();
        let no_prompt = |error| CliError::Usage(format!("no prompt here: {error}"));
        let mut editor = Editor::with_config(config).map_err(no_prompt)?;
        editor.set_helper(Some(Completions));
        let history = Home::find()?.state.folder().join("console.history");
        // There is none the first time.
        let _ = editor.load_history(&history);
        Ok(Self { editor, history })
    }

    /// Reads a line.
    pub fn read(&mut self) -> Typed {
        match self.editor.readline("djbuild> ") {
            Ok(line) => {
                // A history that cannot be kept is no reason to stop.
                let _ = self.editor.save_history(&self.history);
                Typed::Line(line)
            }
            Err(ReadlineError::Interrupted) => Typed::Nothing,
            Err(_) => Typed::End,
        }
    }
}

/// Knows how words go on: those of the console, and what the watcher has by name.
struct Completions;

impl Completer for Completions {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let before = line.get(..position).unwrap_or(line);
        let start = before.rfind(' ').map_or(0, |space| space + 1);
        let (earlier, typed) = before.split_at(start);
        let words: Vec<&str> = earlier.split_whitespace().collect();
        let mut all = match words.as_slice() {
            [] => commands(),
            [command, ..] if typed.starts_with('-') => options(command),
            [command, rest @ ..] => seen()
                .map(|status| names(&status, command, rest.last().copied()))
                .unwrap_or_default(),
        };
        all.retain(|word| word.starts_with(typed));
        Ok((start, all))
    }
}

impl Hinter for Completions {
    type Hint = String;
}
impl Highlighter for Completions {}
impl Validator for Completions {}
impl Helper for Completions {}

fn commands() -> Vec<String> {
    let line = ConsoleLine::command();
    let names = line.get_subcommands().map(|one| one.get_name().to_owned());
    names.chain(["help".to_owned()]).collect()
}

fn options(command: &str) -> Vec<String> {
    let line = ConsoleLine::command();
    let found = line.find_subcommand(command).cloned();
    let arguments = found.iter().flat_map(clap::Command::get_arguments);
    let longs = arguments.filter_map(clap::Arg::get_long);
    longs.map(|long| format!("--{long}")).collect()
}

/// What a command may be about, after this word.
fn names(status: &Status, command: &str, last: Option<&str>) -> Vec<String> {
    let branches = || status.branches.iter().map(|one| one.branch.clone());
    let schedulers = || status.schedulers.iter().map(|one| one.name.clone());
    let requests = status.running.iter().chain(&status.waiting);
    let runs = status.running.iter().filter_map(|one| one.run.clone());
    match (command, last) {
        ("force", Some("--branch")) => branches().collect(),
        ("force", Some("--scheduler")) => schedulers().collect(),
        ("pause" | "resume", _) => branches().chain(schedulers()).collect(),
        ("cancel", _) => requests.map(|one| one.request.to_string()).collect(),
        ("stop" | "cells", _) => runs.collect(),
        ("resend", _) => status.dead.iter().map(ToString::to_string).collect(),
        ("log", _) => Level::ALL.map(|level| level.as_str().to_owned()).to_vec(),
        _ => Vec::new(),
    }
}
