use super::cause::cause;
use super::failures::clip;
use crate::event::Summary;
use crate::model::TestOutcome;

/// GitHub shows so many errors of one step, and drops the rest.
const SHOWN: usize = 10;

/// Each distinct failure as a workflow command, so that GitHub shows it beside
/// the line of the test:
/// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.
pub fn annotations(summary: &Summary) -> String {
    let mut text = String::new();
    for (failure, cells) in summary.distinct_failures().iter().take(SHOWN) {
        let result = &failure.result;
        let traceback = result.traceback.as_deref().unwrap_or_default();
        let last = match result.outcome {
            TestOutcome::UnexpectedSuccess => "it passed, and is expected to fail",
            _ => cause(traceback),
        };
        let subtest = result.subtest.as_deref().unwrap_or_default();
        let title = format!("{} {subtest}", result.test);
        let names: Vec<String> = cells.iter().map(ToString::to_string).collect();
        let message = format!("{}\nin {}", clip(last), names.join(", "));
        let place = place(traceback).map_or_else(String::new, |(file, line)| {
            format!("file={},line={line},", property(file))
        });
        text.push_str(&format!(
            "::error {place}title={}::{}\n",
            property(title.trim_end()),
            data(&message)
        ));
    }
    text
}

/// The last line of the tree that a traceback names.
fn place(traceback: &str) -> Option<(&str, u32)> {
    traceback.lines().rev().find_map(|line| {
        let rest = line.trim_start().strip_prefix("File \"/django/")?;
        let (file, rest) = rest.split_once("\", line ")?;
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some((file, number.parse().ok()?))
    })
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_at_the_last_line_of_the_tree() {
        let traceback = "Traceback:\n  File \"/django/tests/basic/tests.py\", line 7, in test_x\n  \
                         File \"/usr/lib/python3.14/unittest/case.py\", line 58, in run\n";
        assert_eq!(place(traceback), Some(("tests/basic/tests.py", 7)));
        assert_eq!(place("AssertionError"), None);
    }

    #[test]
    fn a_message_stays_on_its_line() {
        assert_eq!(data("50%\nof a, b"), "50%25%0Aof a, b");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
