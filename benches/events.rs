//! Events a second from a container's bytes to the summary and to one who follows,
//! through the engine and its journal, against only parsing the same bytes as JSON.

#[path = "../tests/engine/world.rs"]
#[allow(dead_code, unused_imports)]
mod world;

use std::fmt::Write as _;
use std::time::Instant;

use world::{COLLECTED, Fake, HELLO, Step, end, plan, run_and, say, world as engine};

const TESTS: usize = 1_000_000;
/// Lines that arrive together: a pipe's buffer.
const TOGETHER: usize = 500;
const PAIRS: usize = 3;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("threads");
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let began = Instant::now();
        let parsed: usize = chunks()
            .flat_map(|chunk| {
                let values: Vec<serde_json::Value> = chunk
                    .lines()
                    .map(|line| serde_json::from_str(line).expect("JSON"))
                    .collect();
                values
            })
            .count();
        let parsing = began.elapsed().as_secs_f64();
        assert_eq!(parsed, TESTS);

        let fake = engine(|_| {
            let mut steps = vec![say(HELLO), say(COLLECTED)];
            steps.extend(chunks().map(|chunk| say(chunk.trim_end())));
            steps.extend([end(0), Step::Exit(0)]);
            steps
        });
        let mut plan = plan(&["sqlite"]);
        plan.pace.log_limit = u64::MAX;
        let began = Instant::now();
        let tests = runtime.block_on(async { count(plan, &fake).await });
        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(tests, TESTS);
        #[allow(clippy::cast_precision_loss)]
        rates.push(TESTS as f64 / seconds);
        ratios.push(seconds / parsing);
    }
    println!(
        "{:.0} events a second from bytes to summary (goal 500,000); {:.2} of the time of parsing alone",
        median(rates),
        median(ratios)
    );
}

async fn count(plan: djbuild::plan::Plan, fake: &std::sync::Arc<Fake>) -> usize {
    let mut tests = 0;
    run_and(plan, fake, |event, _| {
        if matches!(event, djbuild::event::Event::TestFinished { .. }) {
            tests += 1;
        }
    })
    .await;
    tests
}

fn chunks() -> impl Iterator<Item = String> {
    (0..TESTS / TOGETHER).map(|chunk| {
        let mut text = String::new();
        for line in 0..TOGETHER {
            let number = chunk * TOGETHER + line;
            let _ = writeln!(
                text,
                r#"{{"event":"test","test":"admin_views.tests.AdminViewTests.test_number_{number}","outcome":"passed","seconds":0.01}}"#
            );
        }
        text
    })
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
