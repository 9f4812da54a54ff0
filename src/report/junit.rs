use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::cause::cause;
use crate::event::{CellSummary, Summary};
use crate::model::{Outcome, TestOutcome};

/// The run as `JUnit` XML: a suite per cell, a case per test that counts against
/// it. Tests that passed are in the counts only: nineteen thousand of them in
/// every cell would say nothing that a number does not.
pub fn junit(summary: &Summary) -> Vec<u8> {
    let mut report = Report::new("djbuild");
    if let Some(seconds) = summary.seconds {
        report.set_time(time(seconds));
    }
    for cell in &summary.cells {
        report.add_test_suite(suite(cell));
    }
    // XML in memory: nothing in it can fail.
    report.to_string().unwrap_or_default().into_bytes()
}

fn suite(cell: &CellSummary) -> TestSuite {
    let mut suite = TestSuite::new(cell.cell.to_string());
    suite.set_time(time(cell.seconds));
    for (key, value) in &cell.environment {
        suite.add_property((key.as_str(), value.as_str()));
    }
    for failure in &cell.failures {
        let result = &failure.result;
        let kind = match result.outcome {
            TestOutcome::Errored => NonSuccessKind::Error,
            _ => NonSuccessKind::Failure,
        };
        let mut status = TestCaseStatus::non_success(kind);
        if let Some(traceback) = &result.traceback {
            status.set_message(cause(traceback).chars().take(300).collect::<String>());
            status.set_description(traceback.as_str());
        }
        if result.outcome == TestOutcome::UnexpectedSuccess {
            status.set_message("it passed, and is expected to fail");
        }
        let (class, name) = result
            .test
            .rsplit_once('.')
            .unwrap_or(("", result.test.as_str()));
        let name = match &result.subtest {
            Some(subtest) => format!("{name} {subtest}"),
            None => name.to_owned(),
        };
        let mut case = TestCase::new(name, status);
        case.set_classname(class);
        case.set_time(time(result.seconds));
        suite.add_test_case(case);
    }
    let unproven = cell
        .outcome
        .is_none_or(|outcome| !matches!(outcome, Outcome::Passed | Outcome::Failed));
    if unproven {
        let mut status = match cell.outcome {
            Some(Outcome::Skipped) => TestCaseStatus::skipped(),
            _ => TestCaseStatus::non_success(NonSuccessKind::Error),
        };
        let outcome = cell.outcome.map_or("unfinished", Outcome::as_str);
        let cause = cell.cause.map_or("", |cause| cause.as_str());
        status.set_message(
            format!("{outcome} {cause} {}", cell.detail)
                .trim()
                .to_owned(),
        );
        suite.add_test_case(TestCase::new("the cell", status));
    }
    // The counts are Django's, not those of the cases listed.
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    suite.tests = count(cell.counts.tests).max(suite.tests);
    suite
}

fn time(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
