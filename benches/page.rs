//! How long each page takes, and how large it is, over 1,000 runs of 40 cells; the ratio is
//! to reading the list of all those runs, which no page of them can do without.

#[path = "../tests/common/recorded.rs"]
#[allow(dead_code)]
mod recorded;

use std::time::{Duration, Instant};

use djbuild::access::Access;
use djbuild::engine::cancellation;
use djbuild::model::{Moment, RunId, TestOutcome};
use djbuild::notify::Secrets;
use djbuild::run::{Home, Request, Scope};
use djbuild::spec::{Links, Page, Pattern, Place, Placed, Scheduler, Watch};
use djbuild::store::farm::{Branch, Colour, Ended, NewChange, NewRequest, Standing};
use djbuild::store::{State, Wanted};
use djbuild::watch::{Helm, Orders, now};
use djbuild::web::{Desk, Server};
use recorded::Recording;

const RUNS: i64 = 1_000;
const TESTS: usize = 50;
const TIMES: usize = 40;
const PLACE: &str = "https://example.org/django";

fn cells() -> Vec<String> {
    let mut cells = Vec::new();
    for database in [
        "sqlite",
        "postgresql15",
        "postgresql16",
        "postgresql17",
        "postgresql18",
        "mysql8.4",
        "mariadb10.11",
        "mariadb11.8",
    ] {
        for python in ["3.12", "3.13", "3.14", "3.14t", "3.15"] {
            cells.push(format!("main-python{python}-{database}"));
        }
    }
    cells
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let state = State::new(folder.path().join("state"));
    let cells = cells();
    let began = Instant::now();
    let last = fill(&state, &cells);
    println!(
        "{RUNS} runs of {} cells made in {:.1?}",
        cells.len(),
        began.elapsed()
    );
    let address = serve(folder.path(), &state);

    let base = median((0..10).map(|_| {
        let began = Instant::now();
        let runs = state.history(&Wanted::default()).expect("readable");
        assert_eq!(runs.len(), 1_000);
        began.elapsed()
    }));
    println!("the list of all runs: {base:.1?}");
    let agent = ureq::Agent::new_with_defaults();
    for path in [
        "/".to_owned(),
        "/console".to_owned(),
        "/console?last=200".to_owned(),
        "/queue".to_owned(),
        "/runs".to_owned(),
        "/runs?branch=main&page=10".to_owned(),
        format!("/runs/{last}"),
        format!("/runs/{last}/cells/{}", cells[7]),
        format!("/runs/{last}/log/{}", cells[7]),
        "/test?test=app.tests.Case.test_7".to_owned(),
        "/waterfall?hours=720".to_owned(),
        "/notices".to_owned(),
        "/machine".to_owned(),
        "/metrics".to_owned(),
        "/atom.xml".to_owned(),
    ] {
        let mut size = 0;
        let mut times: Vec<Duration> = (0..TIMES)
            .map(|_| {
                let began = Instant::now();
                let mut answer = agent
                    .get(format!("{address}{path}"))
                    .header("accept-encoding", "identity")
                    .call()
                    .expect("an answer");
                size = answer.body_mut().read_to_vec().expect("a body").len();
                began.elapsed()
            })
            .collect();
        times.sort();
        let p95 = times[TIMES * 95 / 100];
        println!(
            "{path:<50} p95 {:>6.1} ms  {:>4} KB  {:.2} of the list",
            p95.as_secs_f64() * 1e3,
            size / 1024,
            p95.as_secs_f64() / base.as_secs_f64()
        );
    }
    std::process::exit(0);
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times[times.len() / 2]
}

fn place() -> Place {
    Place {
        file: "djbuild.toml".into(),
        line: 1,
    }
}

fn serve(folder: &std::path::Path, state: &State) -> String {
    let page = Page::at("127.0.0.1:0".parse().expect("an address"));
    let mut scheduler = Scheduler::usual(place());
    scheduler.branches = vec![Pattern::new("*").expect("a glob")];
    let watch = Watch {
        sources: vec![Placed {
            value: PLACE.to_owned(),
            place: place(),
        }],
        interval: Duration::from_secs(300),
        bisect_per_day: 20,
        schedulers: vec![scheduler],
        receivers: Vec::new(),
        login: None,
        links: Links::default(),
        page: Some(page.clone()),
        place: place(),
    };
    let helm = Helm::new(Orders {
        watch,
        base: Request::of(Scope::default()),
        since: now(),
    });
    let home = Home {
        state: state.clone(),
        cache: folder.join("cache"),
    };
    let access = Access::new(None, folder, &Secrets::find(None), state, Box::new(now));
    let desk = Desk::new(home, helm, page, access.expect("writable"), None);
    let runtime = Box::leak(Box::new(tokio::runtime::Runtime::new().expect("threads")));
    let server = runtime.block_on(Server::bind(desk)).expect("a free port");
    let address = format!("http://{}", server.address());
    let (closing, close) = cancellation();
    std::mem::forget(closing);
    runtime.spawn(server.serve(close));
    address
}

/// Runs of one commit each, with some failures, and what a watcher keeps of them.
fn fill(state: &State, cells: &[String]) -> String {
    let names: Vec<&str> = cells.iter().map(String::as_str).collect();
    let mut farm = state.farm().expect("writable");
    let start = now().0 - RUNS * 3_600_000;
    let mut last = String::new();
    for number in 1..=RUNS {
        let at = start + number * 3_600_000;
        let id = format!("20261101-{number:06}-beef");
        let is_red = number % 7 == 0;
        let mut run = Recording::begin(state, &id, u64::try_from(at).expect("late"), &names);
        let tests = if number + 3 > RUNS { TESTS * 40 } else { TESTS };
        for cell in &names {
            run.start(cell);
            for test in 0..tests {
                let outcome = if is_red && test < 5 {
                    TestOutcome::Failed
                } else {
                    TestOutcome::Passed
                };
                run.test(cell, &format!("app.tests.Case.test_{test}"), outcome, 1000);
            }
            run.end_cell(cell);
        }
        run.end();
        farm.within(|book| {
            let new = NewChange {
                revision: format!("{number:040}"),
                author: "Somebody With A Name".to_owned(),
                committed: Moment(at),
                subject: format!(
                    "Fixed #{} -- Made something better than it was.",
                    36000 + number
                ),
                files: None,
                parents: Vec::new(),
            };
            book.add_change((PLACE, "main"), number, &new, Moment(at))?;
            let request = book.add_request(
                &NewRequest {
                    repository: PLACE.to_owned(),
                    branch: "main".to_owned(),
                    revision: new.revision.clone(),
                    scheduler: "branches".to_owned(),
                    cause: format!("commit {number}"),
                    kind: "commit".to_owned(),
                    position: number,
                    job: String::new(),
                    priority: 0,
                    locks: Vec::new(),
                    who: String::new(),
                    reason: "a commit".to_owned(),
                },
                Moment(at),
            )?;
            let request = request.expect("new");
            book.begin_attempt(request, Moment(at))?;
            book.note_run(request, &RunId::new(&*id))?;
            book.end_attempt(request, "passed", Moment(at))?;
            let ended = Ended {
                at: Moment(at),
                outcome: if is_red { "failed" } else { "passed" }.to_owned(),
                word: String::new(),
                superseded: None,
            };
            book.end_request(request, &ended)
        })
        .expect("writable");
        last = id;
    }
    stand(&mut farm, cells, &last);
    last
}

/// Where the branch is, and how its cells stand.
fn stand(farm: &mut djbuild::store::farm::Farm, cells: &[String], last: &str) {
    farm.within(|book| {
        book.beat("scheduler", now())?;
        book.put_branch(&Branch {
            repository: PLACE.to_owned(),
            name: "main".to_owned(),
            tip: format!("{RUNS:040}"),
            position: RUNS,
            born: 0,
            moved: now(),
            gone: None,
            trouble: None,
        })?;
        for (index, cell) in cells.iter().enumerate() {
            book.put_standing(&Standing {
                repository: PLACE.to_owned(),
                branch: "main".to_owned(),
                question: String::new(),
                cell: cell.clone(),
                colour: if index % 9 == 0 {
                    Colour::Red
                } else {
                    Colour::Green
                },
                position: RUNS,
                run: RunId::new(last),
                since: now(),
                first: RUNS - 5,
                good: Some(RUNS - 20),
                failing: Vec::new(),
                turns: Vec::new(),
            })?;
        }
        Ok::<_, djbuild::store::StoreError>(())
    })
    .expect("writable");
}
