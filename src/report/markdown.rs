use std::fmt::Write as _;

use super::cause::cause;
use super::failures::{clip, reproduce};
use crate::event::{CellSummary, Failure, Summary};
use crate::model::{Cell, DatabaseSpec, Outcome, TestOutcome, duration, plural};

/// Lines of a traceback shown.
const TRACEBACK_LINES: usize = 25;
/// Distinct failures shown in full: GitHub takes a mebibyte for a job's summary.
const SHOWN: usize = 20;

/// The run as GitHub's Markdown: a table, and each failure folded away.
pub fn markdown(summary: &Summary) -> Vec<u8> {
    let mut text = String::new();
    let totals = summary.totals();
    let outcome = summary.outcome();
    let _ = writeln!(
        text,
        "## {} djbuild: {outcome}\n\n{} in {}, {}\n",
        sign(outcome),
        plural(totals.tests, "test"),
        plural(summary.cells.len() as u64, "cell"),
        summary
            .seconds
            .map_or_else(|| "unfinished".to_owned(), duration),
    );
    for revision in &summary.started.revisions {
        let _ = writeln!(
            text,
            "- {} from `{}`",
            escape(&revision.to_string()),
            revision.source
        );
    }
    text.push('\n');
    table(&mut text, summary);
    problems(&mut text, summary);
    let distinct = summary.distinct_failures();
    if !distinct.is_empty() {
        let _ = writeln!(text, "\n### {}\n", plural(distinct.len() as u64, "failure"));
    }
    for (failure, cells) in distinct.iter().take(SHOWN) {
        one(&mut text, summary, failure, cells);
    }
    if distinct.len() > SHOWN {
        let rest = plural((distinct.len() - SHOWN) as u64, "more failure");
        let _ = writeln!(text, "… and {rest}\n");
    }
    text.into_bytes()
}

fn table(text: &mut String, summary: &Summary) {
    let mut databases: Vec<DatabaseSpec> = Vec::new();
    let mut rows: Vec<(String, Vec<&CellSummary>)> = Vec::new();
    for cell in &summary.cells {
        if !databases.contains(&cell.cell.database) {
            databases.push(cell.cell.database);
        }
        let variant = cell.cell.variant.as_ref();
        let variant = variant.map_or_else(String::new, |name| format!(" {name}"));
        let row = format!(
            "{} | {}{variant}",
            escape(&cell.cell.branch),
            cell.cell.python
        );
        match rows.iter_mut().find(|(name, _)| *name == row) {
            Some((_, cells)) => cells.push(cell),
            None => rows.push((row, vec![cell])),
        }
    }
    let titles: Vec<String> = databases.iter().map(ToString::to_string).collect();
    let _ = writeln!(text, "| branch | Python | {} |", titles.join(" | "));
    let _ = writeln!(text, "|---|---|{}", "---|".repeat(databases.len()));
    for (row, cells) in &rows {
        let squares: Vec<String> = databases
            .iter()
            .map(|database| {
                let cell = cells.iter().find(|cell| cell.cell.database == *database);
                cell.map_or_else(String::new, |cell| square(cell))
            })
            .collect();
        let _ = writeln!(text, "| {row} | {} |", squares.join(" | "));
    }
}

fn square(cell: &CellSummary) -> String {
    let outcome = cell.outcome.unwrap_or(Outcome::Cancelled);
    let detail = match outcome {
        Outcome::Passed => plural(cell.counts.tests, "test"),
        Outcome::Failed => format!(
            "**{} failed** of {}",
            cell.counts.bad(),
            plural(cell.counts.tests, "test")
        ),
        Outcome::Errored | Outcome::Infrastructure => match cell.cause {
            Some(cause) => format!("{outcome}: {cause}"),
            None => outcome.to_string(),
        },
        Outcome::Skipped => "no image".to_owned(),
        Outcome::Empty => "no test ran".to_owned(),
        Outcome::Cancelled => outcome.to_string(),
    };
    format!("{} {detail}, {}", sign(outcome), duration(cell.seconds))
}

fn problems(text: &mut String, summary: &Summary) {
    for cell in &summary.cells {
        if !cell.detail.is_empty() && cell.outcome != Some(Outcome::Passed) {
            let _ = writeln!(text, "\n**{}**: {}", cell.cell, escape(&cell.detail));
            fold(text, "the end of its log", &cell.log.join("\n"));
        }
    }
    for problem in &summary.image_problems {
        let _ = writeln!(
            text,
            "\n**image {}**: {}",
            problem.image,
            escape(&problem.message)
        );
        fold(text, "the end of its log", &problem.tail.join("\n"));
    }
}

fn one(text: &mut String, summary: &Summary, failure: &Failure, cells: &[&Cell]) {
    let result = &failure.result;
    let names: Vec<String> = cells.iter().map(ToString::to_string).collect();
    let _ = writeln!(
        text,
        "**`{}`**{} in {}",
        result.test,
        match &result.subtest {
            Some(subtest) => format!(" `{subtest}`"),
            None => String::new(),
        },
        escape(&names.join(", "))
    );
    let traceback = result.traceback.as_deref().unwrap_or_default();
    let lines: Vec<String> = traceback.trim_end().lines().map(clip).collect();
    let heading = match result.outcome {
        TestOutcome::UnexpectedSuccess => "it passed, and is expected to fail".to_owned(),
        _ => clip(cause(traceback)),
    };
    let first = lines.len().saturating_sub(TRACEBACK_LINES);
    if lines.is_empty() {
        let _ = writeln!(text, "{}\n", escape(&heading));
    }
    fold(text, &heading, &lines[first..].join("\n"));
    if let Some(cell) = cells.first() {
        let command = reproduce(summary, cell, &result.test);
        let _ = writeln!(text, "```console\n$ {command}\n```\n");
    }
}

/// Lines behind a heading that opens.
fn fold(text: &mut String, heading: &str, lines: &str) {
    if lines.is_empty() {
        return;
    }
    // As many backticks as it takes to stand out of what is inside.
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let heading: String = heading.chars().take(150).collect();
    let _ = writeln!(
        text,
        "<details><summary>{}</summary>\n\n{fence}text\n{lines}\n{fence}\n\n</details>\n",
        html(&heading)
    );
}

const fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "✅",
        Outcome::Failed | Outcome::Errored => "❌",
        Outcome::Infrastructure => "⚠️",
        Outcome::Skipped | Outcome::Empty | Outcome::Cancelled => "⏹️",
    }
}

/// Text that means nothing to Markdown.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if "\\`*_{}[]<>|#".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_prints_cannot_break_out_of_its_fold() {
        let mut text = String::new();
        fold(&mut text, "<b>", "```\n````\n</details>");
        assert!(text.contains("`````text\n"), "{text}");
        assert!(text.contains("<summary>&lt;b&gt;</summary>"), "{text}");
    }

    #[test]
    fn a_name_with_underscores_is_no_emphasis() {
        assert_eq!(escape("a_b|c"), "a\\_b\\|c");
    }
}
