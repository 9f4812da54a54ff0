use super::Style;
use crate::event::{Event, TestResult};
use crate::model::printable;
use crate::model::{Outcome, TestOutcome, duration, plural};

/// The line, or lines, that an event of a cell is in its log; `None` for what is
/// not told there.
pub fn log_line(event: &Event, style: Style) -> Option<String> {
    let mark = |text: &str| Some(style.faint(&format!("── {}", printable(text))));
    match event {
        Event::CellLog { line, .. } => Some(printable(line).into_owned()),
        Event::TestFinished { result, .. } => Some(test(result, style)),
        Event::TestStarted { test, .. } => mark(&format!("began {test}")),
        Event::CellStarted {
            attempt, parallel, ..
        } => mark(&format!(
            "attempt {attempt}, {}",
            plural(u64::from(*parallel), "process")
        )),
        Event::CellPhase { phase, .. } => mark(&phase.to_string()),
        Event::CellEnvironment { facts, .. } => {
            let facts = facts.iter().map(|(key, value)| format!("{key} {value}"));
            mark(&facts.collect::<Vec<_>>().join(", "))
        }
        Event::CellCollected { tests, .. } => {
            mark(&format!("{} collected", plural(*tests, "test")))
        }
        Event::CellFinished {
            outcome,
            cause,
            detail,
            seconds,
            ..
        } => {
            let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
            let detail = match detail.as_str() {
                "" => String::new(),
                detail => format!(": {detail}"),
            };
            let text = format!("── {outcome}{cause}{detail} after {}", duration(*seconds));
            Some(style.outcome(*outcome, &printable(&text)))
        }
        _ => None,
    }
}

fn test(result: &TestResult, style: Style) -> String {
    let (outcome, word) = match result.outcome {
        TestOutcome::Passed => (Outcome::Passed, "ok"),
        TestOutcome::Failed => (Outcome::Failed, "FAIL"),
        TestOutcome::Errored => (Outcome::Failed, "ERROR"),
        TestOutcome::Skipped => (Outcome::Skipped, "skipped"),
        TestOutcome::ExpectedFailure => (Outcome::Passed, "expected failure"),
        TestOutcome::UnexpectedSuccess => (Outcome::Failed, "unexpected success"),
    };
    let mut text = format!(
        "{} {}",
        style.outcome(outcome, word),
        printable(&result.test)
    );
    if let Some(subtest) = &result.subtest {
        text.push_str(&format!(" {}", printable(subtest)));
    }
    match &result.reason {
        Some(reason) => text.push_str(&format!(": {}", printable(reason))),
        None => text.push_str(&style.faint(&format!(" ({:.3} s)", result.seconds))),
    }
    for line in result.traceback.iter().flat_map(|text| text.lines()) {
        text.push_str(&format!("\n  │ {}", printable(line)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cell, CellName};

    fn cell() -> CellName {
        let cell: Cell = "main-python3.14-sqlite".parse().expect("a literal");
        cell.name()
    }

    #[test]
    fn a_result_is_a_line_and_a_traceback_is_below_it() {
        let result = TestResult {
            test: "a.B.test_c".into(),
            outcome: TestOutcome::Failed,
            seconds: 0.25,
            subtest: Some("(x=1)".into()),
            reason: None,
            extra: false,
            traceback: Some("Traceback\nAssertionError: \u{1b}[2J".into()),
        };
        let event = Event::TestFinished {
            cell: cell(),
            result,
        };
        let text = log_line(&event, Style::Plain).expect("a line");
        assert_eq!(
            text,
            "FAIL a.B.test_c (x=1) (0.250 s)\n  │ Traceback\n  │ AssertionError: \\x1b[2J"
        );
    }

    #[test]
    fn what_is_of_no_cell_is_not_in_its_log() {
        let event = Event::ImageStarted { image: "x".into() };
        assert_eq!(log_line(&event, Style::Plain), None);
    }
}
