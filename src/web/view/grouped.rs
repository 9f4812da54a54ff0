use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::event::Summary;
use crate::report::reproduce;
use crate::watch::name_of;

/// So many failures are told in full.
const TOLD: usize = 60;
/// Characters of a traceback that are shown; the log has all of it.
const SHOWN: usize = 6000;

/// Failures that are probably one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Group {
    /// Why they are put together.
    pub why: String,
    /// Each test once.
    pub failures: Vec<Grouped>,
}

/// A failing test.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Grouped {
    /// The test.
    pub test: String,
    /// The subtest's parameters.
    pub subtest: Option<String>,
    /// The word of what became of it.
    pub outcome: String,
    /// Cells, by name.
    pub cells: Vec<String>,
    /// The same, by what they have in common and the others have not.
    pub named: String,
    /// Where it failed; its end where it is long.
    pub traceback: String,
    /// The command that runs it again.
    pub again: Option<String>,
}

/// The failures of a run, those together that end in the same words; how many are left out.
pub fn groups(summary: &Summary) -> (Vec<Group>, usize) {
    let all: Vec<String> = summary
        .cells
        .iter()
        .map(|cell| cell.name.to_string())
        .collect();
    let distinct = summary.distinct_failures();
    let mut groups: Vec<(String, Vec<Grouped>)> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (failure, cells) in distinct.iter().take(TOLD) {
        let result = &failure.result;
        let traceback = result.traceback.as_deref().unwrap_or_default().trim_end();
        let names: Vec<String> = cells.iter().map(ToString::to_string).collect();
        let grouped = Grouped {
            test: result.test.clone(),
            subtest: result.subtest.clone(),
            outcome: result.outcome.as_str().to_owned(),
            named: name_of(&names, &all),
            cells: names,
            traceback: tail(traceback),
            again: cells
                .first()
                .map(|cell| reproduce(summary, cell, &result.test)),
        };
        let signature = signature(traceback);
        let index = *known.entry(signature.clone()).or_insert_with(|| {
            groups.push((signature, Vec::new()));
            groups.len() - 1
        });
        groups[index].1.push(grouped);
    }
    groups.sort_by_key(|(_, failures)| std::cmp::Reverse(failures.len()));
    let groups = groups.into_iter().map(|(signature, failures)| Group {
        why: match (failures.len(), signature.as_str()) {
            (1, _) => String::new(),
            (count, "") => format!("{count} tests without a traceback"),
            (count, words) => format!("{count} tests that end in the same words: {words}"),
        },
        failures,
    });
    (groups.collect(), distinct.len().saturating_sub(TOLD))
}

/// The last words of a traceback, without what differs by chance: numbers and addresses.
fn signature(traceback: &str) -> String {
    let line = traceback.lines().rev().find(|line| !line.trim().is_empty());
    let line = line.unwrap_or_default().trim();
    let mut words = String::new();
    for c in line.chars().take(200) {
        match c {
            c if c.is_ascii_digit() => {
                if !words.ends_with('N') {
                    words.push('N');
                }
            }
            c => words.push(c),
        }
    }
    words
}

fn tail(text: &str) -> String {
    let start = text.len().saturating_sub(SHOWN);
    let start = (start..text.len()).find(|at| text.is_char_boundary(*at));
    let start = start.unwrap_or(0);
    match start {
        0 => text.to_owned(),
        start => format!("…{}", &text[start..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_differ_by_numbers_alone_have_one_signature() {
        let one = signature("Traceback\n  x\nAssertionError: 12 != 13\n\n");
        assert_eq!(one, signature("AssertionError: 1 != 200"));
        assert_ne!(one, signature("ValueError: 12"));
    }

    #[test]
    fn a_long_traceback_is_shown_from_its_end() {
        let long = "é".repeat(SHOWN);
        let shown = tail(&long);
        assert!(shown.starts_with('…') && shown.len() <= SHOWN + 4);
        assert_eq!(tail("short"), "short");
    }
}
