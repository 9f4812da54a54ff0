use rusqlite::{Row, params};

use super::{Book, StoreError, json, words};
use crate::model::{Moment, RunId};

/// Cells that turned red over several commits, of which one is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHunt {
    /// The request in which they turned.
    pub request: i64,
    /// Its run.
    pub run: RunId,
    /// Their repository.
    pub repository: String,
    /// Their branch.
    pub branch: String,
    /// What was asked of them: labels and flags.
    pub question: String,
    /// The cell that is probed for all of them.
    pub cell: String,
    /// All of them.
    pub cells: Vec<String>,
    /// All cells of the run, to name some by what they share.
    pub among: Vec<String>,
    /// The place of the last commit on which it was green.
    pub good: i64,
    /// The place of the first on which it was red.
    pub bad: i64,
    /// The tests that failed, of which one has to for another commit to count as bad.
    pub failing: Vec<String>,
}

/// A search for a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunt {
    /// Its number.
    pub id: i64,
    /// What is searched.
    pub about: NewHunt,
    /// When it began.
    pub made: Moment,
    /// Where it is.
    pub state: HuntState,
    /// When it ended.
    pub ended: Option<Moment>,
    /// The commit, where it was found.
    pub culprit: Option<String>,
    /// What it rests on, or why it was not found.
    pub word: Option<String>,
}

/// Where a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HuntState {
    /// It goes on.
    Open,
    /// The commit was found.
    Found,
    /// It cannot be told which one it is.
    Untold,
    /// Nobody wants to know any more.
    Dropped,
}

impl HuntState {
    const ALL: [Self; 4] = [Self::Open, Self::Found, Self::Untold, Self::Dropped];

    /// Its word, as kept and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Found => "found",
            Self::Untold => "untold",
            Self::Dropped => "dropped",
        }
    }
}

/// A request that says, or is to say, whether a commit is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The search it is for.
    pub hunt: i64,
    /// The request.
    pub request: i64,
    /// The commit.
    pub revision: String,
    /// What it said, once it has ended.
    pub seen: Option<Seen>,
}

/// What a probe says of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// What is searched does not fail there.
    Good,
    /// It does.
    Bad,
    /// It cannot be told.
    Unclear,
}

impl Seen {
    const ALL: [Self; 3] = [Self::Good, Self::Bad, Self::Unclear];

    /// Its word, as kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unclear => "unclear",
        }
    }
}

/// What a run said of a cell, whoever asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The request.
    pub request: i64,
    /// The commit.
    pub revision: String,
    /// What was to be done, as JSON.
    pub job: String,
    /// The word of its outcome.
    pub outcome: String,
    /// The tests that count against it.
    pub failing: Vec<String>,
}

const HUNT: &str =
    "SELECT id, request, run, repository, branch, question, cell, cells, among, good,
    bad, failing, made, state, ended, culprit, word FROM hunt";

impl Book<'_> {
    /// Begins to search, unless that was begun before.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_hunt(&self, new: &NewHunt, now: Moment) -> Result<(), StoreError> {
        self.write(
            "hunt",
            "INSERT OR IGNORE INTO hunt VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
             ?11, ?12, 'open', NULL, NULL, NULL)",
            params![
                new.request,
                new.run.as_str(),
                new.repository,
                new.branch,
                new.question,
                new.cell,
                words(&new.cells),
                words(&new.among),
                new.good,
                new.bad,
                words(&new.failing),
                now.0
            ],
        )?;
        Ok(())
    }

    /// Has a search be for these cells, of these.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn widen_hunt(
        &self,
        id: i64,
        cells: &[String],
        among: &[String],
    ) -> Result<(), StoreError> {
        self.write(
            "hunt",
            "UPDATE hunt SET cells = ?2, among = ?3 WHERE id = ?1",
            params![id, words(cells), words(among)],
        )?;
        Ok(())
    }

    /// The searches that go on, the first first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open_hunts(&self) -> Result<Vec<Hunt>, StoreError> {
        self.rows(
            &format!("{HUNT} WHERE state = 'open' ORDER BY id"),
            [],
            hunt,
        )
    }

    /// The searches that have ended since then, the latest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ended_hunts(&self, since: Moment) -> Result<Vec<Hunt>, StoreError> {
        self.rows(
            &format!("{HUNT} WHERE state <> 'open' AND ended >= ?1 ORDER BY ended DESC, id DESC"),
            [since.0],
            hunt,
        )
    }

    /// Ends a search that goes on.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end_hunt(
        &self,
        id: i64,
        (state, culprit): (HuntState, Option<&str>),
        word: &str,
        now: Moment,
    ) -> Result<(), StoreError> {
        self.write(
            "hunt ended",
            "UPDATE hunt SET state = ?2, culprit = ?3, word = ?4, ended = ?5
             WHERE id = ?1 AND state = 'open'",
            params![id, state.as_str(), culprit, word, now.0],
        )?;
        Ok(())
    }

    /// Has a request probe a commit, or notes what one said that was made for another
    /// purpose.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_probe(&self, probe: &Probe) -> Result<(), StoreError> {
        self.write(
            "probe",
            "INSERT OR IGNORE INTO probe VALUES (?1, ?2, ?3, ?4)",
            params![
                probe.hunt,
                probe.request,
                probe.revision,
                probe.seen.map(Seen::as_str)
            ],
        )?;
        Ok(())
    }

    /// Notes what a probe says.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_seen(&self, request: i64, seen: Seen) -> Result<(), StoreError> {
        self.write(
            "probe",
            "UPDATE probe SET verdict = ?2 WHERE request = ?1 AND verdict IS NULL",
            params![request, seen.as_str()],
        )?;
        Ok(())
    }

    /// The probes of a search, in the order they were made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn probes(&self, hunt: i64) -> Result<Vec<Probe>, StoreError> {
        self.rows(
            "SELECT hunt, request, revision, verdict FROM probe WHERE hunt = ?1 ORDER BY request",
            [hunt],
            |row| {
                let word: Option<String> = row.get(3)?;
                Ok(Probe {
                    hunt: row.get(0)?,
                    request: row.get(1)?,
                    revision: row.get(2)?,
                    seen: word.and_then(|word| {
                        let mut all = Seen::ALL.into_iter();
                        all.find(|seen| seen.as_str() == word)
                    }),
                })
            },
        )
    }

    /// The search that a request is a probe of.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn hunt_of(&self, request: i64) -> Result<Option<Hunt>, StoreError> {
        self.row(
            &format!("{HUNT} WHERE id IN (SELECT hunt FROM probe WHERE request = ?1)"),
            [request],
            hunt,
        )
    }

    /// How many probes were requested after this.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn probes_since(&self, after: Moment) -> Result<u32, StoreError> {
        let count = self.row(
            "SELECT count(*) FROM request WHERE kind = 'bisect' AND made > ?1",
            [after.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default())
    }

    /// What runs said of the cell that a search is about, between its two ends, the latest
    /// run last; tries say nothing of a branch.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sights(&self, about: &NewHunt) -> Result<Vec<Sight>, StoreError> {
        self.rows(
            "SELECT request.id, request.revision, request.job, cell.outcome,
                    (SELECT json_group_array(test) FROM bad
                     WHERE bad.run = cell.run AND bad.cell = cell.name)
             FROM request
             JOIN attempt ON attempt.request = request.id
             JOIN run ON run.id = attempt.run
             JOIN cell ON cell.run = run.id AND cell.name = ?3
             WHERE request.repository = ?1 AND request.branch = ?2
                   AND request.position > ?4 AND request.position < ?5
                   AND request.kind NOT IN ('try', 'bisect')
             ORDER BY run.began",
            params![
                about.repository,
                about.branch,
                about.cell,
                about.good,
                about.bad
            ],
            |row| {
                Ok(Sight {
                    request: row.get(0)?,
                    revision: row.get(1)?,
                    job: row.get(2)?,
                    outcome: row.get(3)?,
                    failing: json(&row.get::<_, String>(4)?),
                })
            },
        )
    }
}

fn hunt(row: &Row<'_>) -> rusqlite::Result<Hunt> {
    let text = |index| row.get::<_, String>(index);
    let state = text(13)?;
    Ok(Hunt {
        id: row.get(0)?,
        about: NewHunt {
            request: row.get(1)?,
            run: RunId::new(text(2)?),
            repository: text(3)?,
            branch: text(4)?,
            question: text(5)?,
            cell: text(6)?,
            cells: json(&text(7)?),
            among: json(&text(8)?),
            good: row.get(9)?,
            bad: row.get(10)?,
            failing: json(&text(11)?),
        },
        made: Moment(row.get(12)?),
        state: HuntState::ALL
            .into_iter()
            .find(|known| known.as_str() == state)
            .unwrap_or(HuntState::Dropped),
        ended: row.get::<_, Option<i64>>(14)?.map(Moment),
        culprit: row.get(15)?,
        word: row.get(16)?,
    })
}
