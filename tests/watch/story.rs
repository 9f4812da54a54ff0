//! A watcher that is told the time, and does what is to be done.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use djbuild::model::{Moment, Outcome, RunId};
use djbuild::spec::{
    Links, Pattern, Place, Placed, Receiver, Scheduler, Telling, Trigger, Watch, Way,
};
use djbuild::store::StoreError;
use djbuild::store::farm::{Farm, Hunt, NewNotice, OutboxRow, QueuedRequest};
use djbuild::watch::{
    CellVerdict, Claimed, Ending, Fate, Post, Undelivered, Verdicts, WatchError, adopt, claim,
    deliver, finish, fire, follow, poll, recover, seek, settle,
};

use super::forge::{Forge, PLACE};

pub const SECOND: Duration = Duration::from_secs(1);
pub const CELLS: [&str; 2] = ["python3.14-sqlite", "python3.14-postgresql17"];

/// What a cell of a commit comes to.
pub type Verdict = dyn Fn(&QueuedRequest, &str) -> Outcome;

/// The tests that fail in a cell of a commit, where it does.
pub type Failing = dyn Fn(&QueuedRequest, &str) -> Vec<String>;

pub struct Story {
    folder: tempfile::TempDir,
    pub farm: Farm,
    pub watch: Watch,
    pub forge: Forge,
    pub now: Moment,
    /// The runs that go on, which the watcher's process has in its memory alone.
    pub running: Vec<(Claimed, RunId)>,
    /// Runs that have ended, as their folders would tell.
    pub ended: BTreeMap<RunId, Ending>,
    pub runs: u64,
    pub post: Receivers,
    pub verdict: Box<Verdict>,
    pub failing: Box<Failing>,
    /// Statements until the plug is pulled.
    countdown: Arc<AtomicI64>,
    pub kills: u64,
    pub is_forge_away: bool,
}

/// Receivers that may be away, and may die after they took something.
#[derive(Default)]
pub struct Receivers {
    pub taken: RefCell<Vec<NewNotice>>,
    pub is_away: Cell<bool>,
}

impl Post for Receivers {
    fn post(&self, _: &Receiver, row: &OutboxRow) -> Result<(), Undelivered> {
        if self.is_away.get() {
            return Err(Undelivered::Later("away".to_owned()));
        }
        self.taken.borrow_mut().push(row.notice.clone());
        Ok(())
    }
}

pub fn place() -> Place {
    Place {
        file: "djbuild.toml".into(),
        line: 1,
    }
}

pub fn scheduler(name: &str, settle: Duration) -> Scheduler {
    let mut one = Scheduler::usual(place());
    name.clone_into(&mut one.name);
    one.branches = vec![Pattern::new("*").expect("a glob")];
    one.trigger = Trigger::Commits {
        settle,
        settle_max: Duration::from_secs(600),
    };
    one
}

pub fn watch(schedulers: Vec<Scheduler>) -> Watch {
    Watch {
        sources: vec![Placed {
            value: PLACE.to_owned(),
            place: place(),
        }],
        interval: Duration::from_secs(60),
        schedulers,
        receivers: vec![Receiver {
            name: "team".to_owned(),
            way: Way::Command(vec!["true".to_owned()]),
            on: vec![
                Telling::Red,
                Telling::Fixed,
                Telling::Culprit,
                Telling::Trouble,
            ],
            branches: Vec::new(),
            template: None,
            place: place(),
        }],
        login: None,
        bisect_per_day: Watch::BISECT_PER_DAY,
        links: Links::default(),
        page: None,
        place: place(),
    }
}

impl Story {
    pub fn new(watch: Watch) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let farm = Farm::open(&folder.path().join("history.sqlite3")).expect("writable");
        let countdown = Arc::new(AtomicI64::new(i64::MAX));
        let mut story = Self {
            farm: plugged(farm, &countdown),
            folder,
            watch,
            forge: Forge::new(),
            now: Moment(1_800_000_000_000),
            running: Vec::new(),
            ended: BTreeMap::new(),
            runs: 0,
            post: Receivers::default(),
            verdict: Box::new(|_, _| Outcome::Passed),
            failing: Box::new(|_, _| Vec::new()),
            countdown,
            kills: 0,
            is_forge_away: false,
        };
        story.start().expect("nothing pulls the plug");
        story
    }

    /// Pulls the plug after so many statements.
    pub fn pull_after(&self, statements: i64) {
        self.countdown.store(statements, Ordering::SeqCst);
    }

    /// What a process does that begins.
    pub fn start(&mut self) -> Result<(), WatchError> {
        let (watch, now) = (&self.watch, self.now);
        self.farm.within(|book| adopt(book, watch, now))?;
        let ended = Rc::new(self.ended.clone());
        let fate = move |run: &RunId| match ended.get(run) {
            Some(ending) => Fate::Ended(ending.clone()),
            None => Fate::CutOff,
        };
        recover(&mut self.farm, watch, &fate, now)?;
        Ok(())
    }

    /// A process that was killed, and the next one. The second may be killed too.
    pub fn die(&mut self) {
        self.kills += 1;
        self.pull_after(i64::MAX);
        self.running.clear();
        let farm = Farm::open(&self.folder.path().join("history.sqlite3")).expect("readable");
        self.farm = plugged(farm, &self.countdown);
        self.start().expect("nothing pulls the plug");
    }

    /// Does something until nobody pulls the plug, and says what it came to.
    pub fn surely<T>(&mut self, work: impl Fn(&mut Self) -> Result<T, WatchError>) -> T {
        loop {
            match work(self) {
                Ok(done) => return done,
                Err(WatchError::Store(StoreError::Unplugged(_))) => self.die(),
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub fn set_away(&mut self, is_away: bool) {
        self.is_forge_away = is_away;
        self.forge.set_away(is_away);
    }

    /// Looks around once, and does what is to be done.
    pub fn rest_a_little(&mut self) {
        self.surely(Self::poll);
        self.surely(Self::tick);
        while self.surely(Self::begin) {
            self.surely(|story| story.end(0));
        }
    }

    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    pub fn poll(&mut self) -> Result<usize, WatchError> {
        let polled = poll(&mut self.farm, &self.watch, &self.forge, self.now)?;
        Ok(polled.changes)
    }

    /// What time alone brings.
    pub fn tick(&mut self) -> Result<(), WatchError> {
        let (watch, now) = (&self.watch, self.now);
        self.farm.within(|book| follow(book, watch))?;
        self.farm.within(|book| settle(book, watch, now))?;
        let places = [PLACE.to_owned()];
        self.farm.within(|book| fire(book, watch, &places, now))?;
        self.farm.within(|book| seek(book, watch, now))?;
        Ok(())
    }

    /// Takes a request, if one waits, and gets no further.
    pub fn claim(&mut self) -> Result<Option<Claimed>, WatchError> {
        let (now, room) = (self.now, 2_usize.saturating_sub(self.running.len()));
        self.farm.within(|book| claim(book, room, now))
    }

    /// Begins a run, if one waits.
    pub fn begin(&mut self) -> Result<bool, WatchError> {
        let Some(claimed) = self.claim()? else {
            return Ok(false);
        };
        self.runs += 1;
        let run = RunId::new(format!("run-{}", self.runs));
        let id = claimed.request.id;
        self.farm
            .within(|book| book.note_run(id, &run).map_err(WatchError::from))?;
        self.running.push((claimed, run));
        Ok(true)
    }

    /// Ends the run at this place among those that go on.
    pub fn end(&mut self, index: usize) -> Result<(), WatchError> {
        let (claimed, run) = self.running.remove(index);
        let request = self
            .farm
            .look(|book| book.request(claimed.request.id).map_err(WatchError::from))?
            .expect("it was made");
        let cells: Vec<CellVerdict> = CELLS
            .iter()
            .map(|cell| {
                let outcome = match request.cancel {
                    Some(_) => Outcome::Cancelled,
                    None => (self.verdict)(&request, cell),
                };
                CellVerdict {
                    cell: format!("{}-{cell}", request.asked.branch),
                    outcome,
                    failing: match outcome {
                        Outcome::Failed => (self.failing)(&request, cell),
                        _ => Vec::new(),
                    },
                }
            })
            .collect();
        let outcome = cells.iter().map(|cell| cell.outcome).max();
        let ending = Ending::Run(Verdicts {
            run: run.clone(),
            outcome: outcome.expect("cells"),
            cells,
        });
        // A run's folder is there before anybody is told.
        self.ended.insert(run, ending.clone());
        finish(&mut self.farm, &self.watch, request.id, &ending, self.now)
    }

    /// Sends one notice to each receiver.
    pub fn send(&mut self) -> Result<(), WatchError> {
        let (watch, now) = (self.watch.clone(), self.now);
        for receiver in &watch.receivers {
            deliver(&mut self.farm, &watch, &self.post, &receiver.name, now)?;
        }
        Ok(())
    }

    /// Lets time pass until nothing is left to be done.
    pub fn rest(&mut self) {
        self.pull_after(i64::MAX);
        self.set_away(false);
        self.post.is_away.set(false);
        for branch in self.forge.branches() {
            self.forge.set_broken(&branch, false);
        }
        for _ in 0..40 {
            self.pass(Duration::from_secs(3700));
            self.surely(Self::poll);
            self.surely(Self::tick);
            for _ in 0..1000 {
                let has_begun = self.surely(Self::begin);
                while !self.running.is_empty() {
                    self.surely(|story| story.end(0));
                }
                if !has_begun {
                    break;
                }
            }
            for _ in 0..200 {
                self.surely(Self::send);
            }
        }
    }

    pub fn requests(&mut self) -> Vec<QueuedRequest> {
        let all = self
            .farm
            .look(|book| book.all_requests().map_err(WatchError::from));
        all.expect("readable")
    }

    pub fn status(&mut self) -> djbuild::watch::Status {
        let watch = &self.watch;
        let (places, now) = (watch.places(), self.now);
        let status = self
            .farm
            .look(|book| djbuild::watch::status(book, Some(watch), &places, now));
        status.expect("readable")
    }

    /// The searches for culprits, those that go on first.
    pub fn hunts(&mut self) -> Vec<Hunt> {
        let all = self.farm.look(|book| {
            let mut all = book.open_hunts()?;
            all.extend(book.ended_hunts(Moment(0))?);
            Ok::<_, WatchError>(all)
        });
        all.expect("readable")
    }

    /// The file that all of it is in.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("history.sqlite3")
    }

    pub fn notices(&mut self) -> Vec<OutboxRow> {
        let all = self
            .farm
            .look(|book| book.all_notices().map_err(WatchError::from));
        all.expect("readable")
    }
}

fn plugged(farm: Farm, countdown: &Arc<AtomicI64>) -> Farm {
    let countdown = Arc::clone(countdown);
    farm.plugged(Box::new(move |_| {
        countdown.fetch_sub(1, Ordering::SeqCst) <= 0
    }))
}
