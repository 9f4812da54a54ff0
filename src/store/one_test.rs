use super::line::{Unpacker, contains, is_brief, is_start};
use super::tail::Tail;
use super::{State, StoreError, paths};
use crate::event::{Event, TestResult};
use crate::model::{CellName, RunId, TestOutcome};

impl State {
    /// What became of one test in each of these cells, in their order: one result,
    /// more where subtests failed, none where it did not run.
    ///
    /// Of a run with 40 cells that is one line in 20,000, so the others are not
    /// understood.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub fn results_of(
        &self,
        run: &RunId,
        cells: &[CellName],
        test: &str,
    ) -> Result<Vec<Vec<TestResult>>, StoreError> {
        self.check()?;
        let tests = self.tests(run);
        let number = tests.iter().position(|known| known == test);
        let number = number.and_then(|number| i64::try_from(number).ok());
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = cells.len().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let parts: Vec<_> = cells
                .chunks(share)
                .map(|cells| {
                    scope.spawn(move || {
                        let of_one = |cell| self.results_in(run, cell, test, number);
                        cells.iter().map(of_one).collect::<Vec<_>>()
                    })
                })
                .collect();
            let joined = parts.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined
                // A panic of a part is one of the whole.
                .flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    fn results_in(
        &self,
        run: &RunId,
        cell: &CellName,
        test: &str,
        number: Option<i64>,
    ) -> Result<Vec<TestResult>, StoreError> {
        let needle = serde_json::Value::from(test).to_string().into_bytes();
        let path = paths::cell(&self.run_folder(run), cell);
        let (mut tail, mut unpacker) = (Tail::new(path.clone()), Unpacker::default());
        let mut results = Vec::new();
        while let Some(line) = tail.next().map_err(StoreError::io(&path))? {
            if is_brief(&line) {
                match unpacker.brief(&line) {
                    Some((known, seconds)) if Some(known) == number => {
                        results.push(passed(test, seconds));
                    }
                    _ => {}
                }
            } else if is_start(&line) {
                // A second attempt starts from nothing.
                results.clear();
                unpacker.whole(&line);
            } else if contains(&line, &needle)
                && let Some(envelope) = unpacker.whole(&line)
                && let Event::TestFinished { result, .. } = envelope.event
                && result.test == test
            {
                results.push(result);
            }
        }
        Ok(results)
    }
}

fn passed(test: &str, seconds: f64) -> TestResult {
    TestResult {
        test: test.to_owned(),
        outcome: TestOutcome::Passed,
        seconds,
        subtest: None,
        reason: None,
        extra: false,
        traceback: None,
    }
}
