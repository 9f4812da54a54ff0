use std::fmt::Write as _;

use super::Style;
use crate::event::{Failure, Summary};
use crate::model::{Cell, Outcome, plural, printable};

/// Lines of a traceback shown; the event log has it all.
const TRACEBACK_LINES: usize = 40;
/// Characters of a traceback's line shown: some test values are megabytes long.
const TRACEBACK_COLUMNS: usize = 400;
/// Distinct failures shown in full.
const SHOWN: usize = 25;

/// Each distinct failure once: the test, its cells, its traceback, and the
/// command that reproduces it.
pub fn failures(summary: &Summary, style: Style) -> String {
    let distinct = summary.distinct_failures();
    let mut text = String::new();
    for (failure, cells) in distinct.iter().take(SHOWN) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", one(summary, failure, cells, style));
    }
    if distinct.len() > SHOWN {
        let rest = plural((distinct.len() - SHOWN) as u64, "more failure");
        let _ = writeln!(
            text,
            "… and {rest}, in the run's report (--report json=PATH).\n"
        );
    }
    text
}

fn one(summary: &Summary, failure: &Failure, cells: &[&Cell], style: Style) -> String {
    let result = &failure.result;
    let subtest = result
        .subtest
        .as_deref()
        .map_or_else(String::new, |subtest| format!(" {}", printable(subtest)));
    let word = match result.outcome {
        crate::model::TestOutcome::Errored => "ERROR",
        crate::model::TestOutcome::UnexpectedSuccess => "UNEXPECTED SUCCESS",
        _ => "FAIL",
    };
    let word = style.outcome(Outcome::Failed, word);
    let test = style.heading(&printable(&result.test));
    let mut text = format!("{word}  {test}{subtest}\n");
    let names: Vec<String> = cells.iter().map(ToString::to_string).collect();
    let _ = writeln!(text, "  in {}", printable(&names.join(", ")));
    if let Some(traceback) = &result.traceback {
        let lines: Vec<&str> = traceback.trim_end().lines().collect();
        let skipped = lines.len().saturating_sub(TRACEBACK_LINES);
        if skipped > 0 {
            let _ = writeln!(text, "  │ … {}", plural(skipped as u64, "line"));
        }
        for line in &lines[skipped..] {
            let _ = writeln!(text, "  │ {}", clip(line));
        }
    }
    if let Some(cell) = cells.first() {
        let command = reproduce(summary, cell, &result.test);
        let again = style.faint(&format!("again: {}", printable(&command)));
        let _ = writeln!(text, "  {again}");
    }
    text.push('\n');
    text
}

/// A line of somebody else's as a terminal may get it: no longer than it can be
/// read, and nothing that it obeys.
pub(super) fn clip(line: &str) -> String {
    match line.char_indices().nth(TRACEBACK_COLUMNS) {
        Some((end, _)) => format!("{}…", printable(&line[..end])),
        None => printable(line).into_owned(),
    }
}

/// The command that runs one test of one cell again.
pub fn reproduce(summary: &Summary, cell: &Cell, test: &str) -> String {
    let mut words = vec!["djbuild".to_owned(), "run".to_owned()];
    let revisions = &summary.started.revisions;
    let revision = revisions.iter().find(|known| *known.branch == *cell.branch);
    if let Some(revision) = revision.filter(|revision| revision.source != ".") {
        words.extend(["--source".to_owned(), quote(&revision.source)]);
        if !revision.source.starts_with("pypi:") && revision.modified == 0 {
            let name = revision.named.as_ref().unwrap_or(&revision.branch);
            // A commit is called by ten digits, and found by all of them.
            let commit = revision.commit.as_ref().filter(|id| id.starts_with(name));
            words.extend(["--branch".to_owned(), quote(commit.unwrap_or(name))]);
        }
    }
    words.extend(["--python".to_owned(), cell.python.to_string()]);
    words.extend(["--database".to_owned(), cell.database.to_string()]);
    if let Some(variant) = &cell.variant {
        words.extend(["--matrix".to_owned(), quote(&summary.started.matrix)]);
        words.extend(["--variant".to_owned(), quote(variant)]);
    }
    words.push(quote(label(test)));
    if !summary.started.flags.is_empty() {
        words.push("--".to_owned());
        words.extend(summary.started.flags.iter().map(|flag| quote(flag)));
    }
    words.join(" ")
}

/// The label that selects a test: `setUpClass (a.tests.B)` is selected by
/// `a.tests.B`, a module that cannot be imported by its own name.
fn label(test: &str) -> &str {
    let inner = test
        .split_once(" (")
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(test);
    inner
        .strip_prefix("unittest.loader._FailedTest.")
        .unwrap_or(inner)
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=@%+,".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// What kept cells from a verdict on Django, and images from being made.
/// `log_of` says where the whole log of an image's build is.
pub fn problems(
    summary: &Summary,
    style: Style,
    log_of: &dyn Fn(&str) -> Option<String>,
) -> String {
    let mut text = String::new();
    for problem in &summary.image_problems {
        let word = style.outcome(Outcome::Infrastructure, "IMAGE");
        let _ = writeln!(text, "{word}  {}", style.heading(&problem.image));
        if !problem.step.is_empty() {
            let _ = writeln!(text, "  {}", clip(&problem.step));
        }
        for line in &problem.tail {
            let _ = writeln!(text, "  │ {}", clip(line));
        }
        let _ = writeln!(text, "  {}", clip(&problem.message));
        if let Some(log) = log_of(&problem.image) {
            let _ = writeln!(text, "  the whole log: {log}");
        }
        text.push('\n');
    }
    for cell in &summary.cells {
        let Some(outcome) = cell.outcome else {
            continue;
        };
        if matches!(
            outcome,
            Outcome::Passed | Outcome::Failed | Outcome::Cancelled
        ) {
            continue;
        }
        let word = style.outcome(outcome, &outcome.as_str().to_uppercase());
        let cause = cell
            .cause
            .map_or_else(String::new, |cause| format!("{cause}: "));
        let _ = writeln!(
            text,
            "{word}  {}",
            style.heading(&printable(&cell.cell.to_string()))
        );
        let _ = writeln!(text, "  {cause}{}", clip(&cell.detail));
        for line in &cell.log {
            let _ = writeln!(text, "  │ {}", clip(line));
        }
        if cell.attempts > 1 {
            let _ = writeln!(text, "  tried {} times", cell.attempts);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_what_runtests_takes() {
        assert_eq!(label("a.tests.B.test_c"), "a.tests.B.test_c");
        assert_eq!(label("setUpClass (a.tests.B)"), "a.tests.B");
        assert_eq!(label("unittest.loader._FailedTest.a.tests"), "a.tests");
    }

    #[test]
    fn words_are_quoted_only_where_a_shell_wants_it() {
        assert_eq!(quote("pypi:Django==6.1.3"), "pypi:Django==6.1.3");
        assert_eq!(quote("it's"), r"'it'\''s'");
    }
}
