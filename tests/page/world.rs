//! A page over things that were kept: runs, commits, requests and notices with names that
//! are as bad as they get.

use std::path::Path;
use std::time::Duration;

use djbuild::access::{Access, PasswordFile, encode};
use djbuild::engine::{Canceller, cancellation};
use djbuild::model::{Moment, RunId, TestOutcome};
use djbuild::notify::Secrets;
use djbuild::run::{Home, Request, Scope};
use djbuild::spec::{
    Job, Links, Login, Page, Pattern, Place, Placed, Readers, Scheduler, Suite, Users, Watch,
};
use djbuild::store::State;
use djbuild::store::farm::{Branch, Colour, Ended, NewChange, NewNotice, NewRequest, Standing};
use djbuild::watch::{Helm, Orders, now};
use djbuild::web::{Desk, Server};

use crate::recorded::Recording;

pub const PLACE: &str = "https://example.org/django";
pub const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{1b}[31m\u{202e}";
pub const RED: &str = "20261124-120000-redd";
pub const GREEN: &str = "20261123-120000-gree";
pub const GOING: &str = "20261125-120000-goes";
pub const CELLS: [&str; 2] = ["main-python3.14-sqlite", "main-python3.14-postgresql17"];
const START: i64 = 1_795_000_000_000;

/// A page that is open.
pub struct World {
    pub folder: tempfile::TempDir,
    pub state: State,
    pub address: String,
    pub agent: ureq::Agent,
    runtime: tokio::runtime::Runtime,
    closing: Canceller,
}

/// What an answer was.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("plain"))
    }
}

fn place() -> Place {
    Place {
        file: "djbuild.toml".into(),
        line: 1,
    }
}

pub fn watch(page: Page, login: Option<Login>) -> Watch {
    let mut scheduler = Scheduler::usual(place());
    scheduler.branches = vec![Pattern::new("*").expect("a glob")];
    Watch {
        sources: vec![Placed {
            value: PLACE.to_owned(),
            place: place(),
        }],
        interval: Duration::from_secs(60),
        bisect_per_day: 20,
        schedulers: vec![scheduler],
        receivers: Vec::new(),
        login,
        links: Links {
            revision: Some("https://example.org/commit/{revision}".to_owned()),
            ticket: Some("https://example.org/ticket/{ticket}".to_owned()),
        },
        page: Some(page),
        place: place(),
    }
}

pub fn page() -> Page {
    Page {
        name: format!("The farm {HOSTILE}"),
        ..Page::at("127.0.0.1:0".parse().expect("an address"))
    }
}

impl World {
    pub fn new() -> Self {
        Self::with(page(), Readers::Everybody)
    }

    pub fn with(page: Page, reading: Readers) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::new(folder.path().join("state"));
        fill(&state);
        let file = PasswordFile::new(folder.path().join("users.txt"));
        file.put("ann", &encode("right")).expect("writable");
        let login = Login {
            users: Users::File("users.txt".to_owned()),
            reading,
            place: place(),
        };
        let helm = Helm::new(Orders {
            watch: watch(page.clone(), Some(login.clone())),
            base: Request::of(Scope::default()),
            since: now(),
        });
        let home = Home {
            state: state.clone(),
            cache: folder.path().join("cache"),
        };
        let secrets = Secrets::find(None);
        let access = Access::new(Some(&login), folder.path(), &secrets, &state, Box::new(now));
        let access = access.expect("writable");
        let hook = Some("the hook's key".to_owned());
        let desk = Desk::new(home, helm, page, access, hook);
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        let server = runtime.block_on(Server::bind(desk)).expect("a free port");
        let address = format!("http://{}", server.address());
        let (closing, close) = cancellation();
        runtime.spawn(server.serve(close));
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .into();
        Self {
            folder,
            state,
            address,
            agent,
            runtime,
            closing,
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.call().expect("an answer"))
    }

    pub fn post(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        self.send(path, &body.finish(), headers)
    }

    pub fn send(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.address))
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send(body).expect("an answer"))
    }

    pub fn json(&self, path: &str) -> serde_json::Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).expect("JSON")
    }

    /// Logs somebody in, and gives the cookie that their browser shows.
    pub fn cookie(&self) -> String {
        let answer = self.post("/login", &[("name", "ann"), ("password", "right")], &[]);
        assert_eq!(answer.status, 303, "{}", answer.body);
        let cookie = answer.header("set-cookie");
        cookie.split(';').next().expect("a cookie").to_owned()
    }

    /// What a form of a session carries.
    pub fn csrf(&self, cookie: &str) -> String {
        let form = self.get_with("/act/pause", &[("cookie", cookie)]);
        let (_, rest) = form
            .body
            .split_once("name=\"csrf\" value=\"")
            .expect("a form");
        rest.split('"').next().expect("a word").to_owned()
    }

    /// Closes the page, and says how long that took.
    pub fn close(self) -> Duration {
        let began = std::time::Instant::now();
        self.closing.press();
        self.runtime.shutdown_timeout(Duration::from_secs(10));
        began.elapsed()
    }
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.body_mut().read_to_string().expect("text"),
    }
}

/// Two runs that ended, one that goes on, the commits they are of, and what people were told.
fn fill(state: &State) {
    run(state, GREEN, START, false);
    run(state, RED, START + 86_400_000, true);
    let mut going = Recording::begin(state, GOING, unsigned(START + 2 * 86_400_000), &CELLS);
    going.start(CELLS[0]);
    going.test(
        CELLS[0],
        "basic.tests.A.test_one",
        TestOutcome::Passed,
        1000,
    );
    going.recorder.tick().expect("writable");
    std::mem::forget(going);
    let mut farm = state.farm().expect("writable");
    farm.within(|book| {
        book.beat("scheduler", now())?;
        let mut last = 0;
        for (position, subject) in [(1, "Fixed #36001 -- good"), (2, HOSTILE), (3, "Waits")] {
            let new = NewChange {
                revision: format!("{position:040}"),
                author: format!("Ann {HOSTILE}"),
                committed: Moment(START),
                subject: subject.to_owned(),
                files: None,
                parents: Vec::new(),
            };
            book.add_change((PLACE, "main"), position, &new, Moment(START))?;
            last = position;
        }
        for (name, position) in [("main", last), (HOSTILE, 0)] {
            book.put_branch(&Branch {
                repository: PLACE.to_owned(),
                name: name.to_owned(),
                tip: format!("{position:040}"),
                position,
                born: 0,
                moved: Moment(START),
                gone: None,
                trouble: (position == 0).then(|| HOSTILE.to_owned()),
            })?;
        }
        for (position, id) in [(1, Some(GREEN)), (2, Some(RED)), (3, None)] {
            let request = request(book, position)?;
            if let Some(id) = id {
                book.begin_attempt(request, Moment(START))?;
                book.note_run(request, &RunId::new(id))?;
                book.end_attempt(request, "failed", Moment(START))?;
                let ended = Ended {
                    at: Moment(START),
                    outcome: "failed".to_owned(),
                    word: HOSTILE.to_owned(),
                    superseded: None,
                };
                book.end_request(request, &ended)?;
            }
        }
        book.put_standing(&Standing {
            repository: PLACE.to_owned(),
            branch: "main".to_owned(),
            question: String::new(),
            cell: CELLS[0].to_owned(),
            colour: Colour::Red,
            position: 2,
            run: RunId::new(RED),
            since: Moment(START),
            first: 2,
            good: Some(1),
            failing: vec![HOSTILE.to_owned()],
            turns: Vec::new(),
        })?;
        book.add_notice(
            &NewNotice {
                id: "request 2 for team".to_owned(),
                receiver: "team".to_owned(),
                body: serde_json::json!({ "headline": HOSTILE, "run": RED }).to_string(),
            },
            Moment(START),
        )
    })
    .expect("writable");
}

fn unsigned(at: i64) -> u64 {
    u64::try_from(at).expect("after 1970")
}

fn run(state: &State, id: &str, at: i64, is_red: bool) {
    let mut run = Recording::begin(state, id, unsigned(at), &CELLS);
    for cell in CELLS {
        run.start(cell);
        for number in 0..300 {
            run.log(cell, &format!("line {number} of {HOSTILE}"));
        }
        run.test(cell, "basic.tests.A.test_one", TestOutcome::Passed, 1000);
        if is_red {
            run.test(cell, HOSTILE, TestOutcome::Failed, 2000);
        }
        for number in 0..1500 {
            run.log(cell, &format!("later {number}"));
        }
        run.end_cell(cell);
    }
    run.end();
}

fn request(
    book: &djbuild::store::farm::Book<'_>,
    position: i64,
) -> Result<i64, djbuild::store::StoreError> {
    let new = NewRequest {
        repository: PLACE.to_owned(),
        branch: "main".to_owned(),
        revision: format!("{position:040}"),
        scheduler: "branches".to_owned(),
        cause: format!("commit {position}"),
        kind: "commit".to_owned(),
        position,
        job: serde_json::to_string(&Job::Suite(Suite::default())).expect("plain"),
        priority: 0,
        locks: Vec::new(),
        who: String::new(),
        reason: HOSTILE.to_owned(),
    };
    let id = book.add_request(&new, Moment(START))?.expect("new");
    Ok(id)
}

/// Where a folder is that nobody may read through the page.
pub fn outside(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("outside.txt");
    std::fs::write(&path, "nobody's business").expect("writable");
    path
}
