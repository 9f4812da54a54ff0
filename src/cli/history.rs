use console::Alignment;

use super::args::{Format, HistoryOptions};
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::say::say;
use super::screen;
use crate::model::printable;
use crate::model::{self, duration, plural};
use crate::report::Style;
use crate::run::Home;
use crate::spec::Pattern;
use crate::store::{PastBranch, PastRun, Wanted};

/// Digits of a commit that tell it from others.
const DIGITS: usize = 10;

/// Lists the runs that are kept.
pub fn history(options: &HistoryOptions) -> Outcome {
    let home = Home::find()?;
    let branch = glob("--branch", options.branch.as_deref())?;
    let cell = glob("--cell", options.cell.as_deref())?;
    let is_branch = |name: &str| branch.as_ref().is_some_and(|glob| glob.matches(name));
    let is_cell = |name: &str| cell.as_ref().is_some_and(|glob| glob.matches(name));
    let runs = home.state.history(&Wanted {
        branch: branch.as_ref().map(|_| &is_branch as _),
        cell: cell.as_ref().map(|_| &is_cell as _),
        outcome: options.outcome.as_deref(),
        limit: Some(options.limit),
    })?;
    if options.format == Format::Json {
        // Plain data with string keys: nothing in it can fail.
        let mut text = serde_json::to_string_pretty(&runs).unwrap_or_default();
        text.push('\n');
        say(&text)?;
        return Ok(Exit::Passed);
    }
    if runs.is_empty() {
        let chosen = branch.is_some() || cell.is_some() || options.outcome.is_some();
        say(match (chosen, home.state.runs()?.next()) {
            (_, None) => "no run is kept yet\n",
            (true, _) => "no run that is kept is like that\n",
            (false, _) => "the index is empty; `djbuild prune --reindex` makes it again\n",
        })?;
        return Ok(Exit::Passed);
    }
    say(&list(&runs, screen::width(), screen::style(options.color)))?;
    Ok(Exit::Passed)
}

fn glob(option: &str, typed: Option<&str>) -> Result<Option<Pattern>, CliError> {
    let read = |typed| {
        Pattern::new(typed).map_err(|why| CliError::Usage(format!("{option} {typed}: {why}")))
    };
    typed.map(read).transpose()
}

/// Two lines for each run: how it ended, and what it was.
fn list(runs: &[PastRun], width: u16, style: Style) -> String {
    let ids = runs.iter().map(|run| run.run.as_str().len());
    let words = runs.iter().map(|run| run.outcome.len());
    let (ids, words) = (ids.max().unwrap_or(0), words.max().unwrap_or(0));
    let mut text = String::new();
    for run in runs {
        let outcome = coloured(&run.outcome, style);
        let outcome = console::pad_str(&outcome, words, Alignment::Left, None);
        let took = run.seconds.map(duration).unwrap_or_default();
        let line = format!(
            "{:<ids$}  {outcome}  {took:>6}  {}",
            run.run.as_str(),
            ended(run)
        );
        let what = style.faint(&format!("    {}", printable(&tested(run))));
        for line in [line, what] {
            text.push_str(&console::truncate_str(
                line.trim_end(),
                usize::from(width),
                "…",
            ));
            text.push('\n');
        }
    }
    text
}

fn coloured(word: &str, style: Style) -> String {
    let outcome = match word {
        "interrupted" => Ok(model::Outcome::Infrastructure),
        word => serde_json::from_value(word.into()),
    };
    outcome.map_or_else(|_| word.to_owned(), |outcome| style.outcome(outcome, word))
}

fn tested(run: &PastRun) -> String {
    let revision = |branch: &PastBranch| {
        let mut text = branch.branch.clone();
        if let Some(commit) = &branch.revision {
            text.push_str(&format!(" {}", commit.get(..DIGITS).unwrap_or(commit)));
        }
        if branch.modified > 0 {
            text.push_str(&format!(" +{}", plural(branch.modified as u64, "file")));
        }
        text
    };
    let mut words: Vec<String> = run.branches.iter().map(revision).collect();
    if !run.matrix.is_empty() {
        words.push(format!("matrix {}", run.matrix));
    }
    if !run.arguments.is_empty() {
        words.push(run.arguments.join(" "));
    }
    words.join(", ")
}

fn ended(run: &PastRun) -> String {
    let cells = run.cells.iter();
    let cells: Vec<String> = cells
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    let mut text = cells.join(", ");
    if run.tests > 0 {
        text.push_str(&format!("; {}", plural(run.tests, "test")));
    }
    if run.bad > 0 {
        text.push_str(&format!(", {} bad", run.bad));
    }
    text
}
