use serde::{Deserialize, Serialize};

use super::WatchError;
use super::culprit::Culprit;
use super::ending::Verdicts;
use super::shared::name_of;
use super::verdict::Turn;
use crate::model::{Moment, plural, short};
use crate::spec::{Receiver, Telling, Watch};
use crate::store::farm::{Book, Change, Hunt, NewNotice, QueuedRequest, Standing};

/// So many commits and tests are told one by one.
const LISTED: usize = 10;

/// What one receiver is told of one run, or of a trouble.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct News {
    /// The same news has the same id, however often it is sent.
    pub id: String,
    /// In a line.
    pub headline: String,
    /// The repository, without secrets.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// The commit.
    pub revision: String,
    /// The request.
    pub request: Option<i64>,
    /// The scheduler that requested it.
    pub scheduler: String,
    /// The run.
    pub run: Option<String>,
    /// What it came to, as outcomes are called; nothing where nothing ran.
    pub outcome: String,
    /// Where people see it, where there is such a place.
    pub link: Option<String>,
    /// Cells that turned red.
    pub red: Vec<CellNews>,
    /// Cells that are green again.
    pub fixed: Vec<CellNews>,
    /// Red cells in which other tests fail now.
    pub changed: Vec<CellNews>,
    /// Cells that turned too often of late.
    pub flapping: Vec<CellNews>,
    /// Those cells by what they share.
    pub named: Named,
    /// Commits since these cells were last good, the newest first; a part of them where
    /// there are many.
    pub commits: Vec<Blamed>,
    /// How many there are.
    pub commits_in_all: usize,
    /// The commit that was found to have broken cells.
    pub culprit: Option<Culprit>,
    /// What is wrong, where that is not Django.
    pub trouble: Option<String>,
    /// When it was written.
    pub at: Moment,
    /// All cells of the run, to name some by what they share.
    #[serde(skip)]
    pub(super) cells: Vec<String>,
}

/// Cells by what they share and others of the run have not: `every postgresql17`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Named {
    /// Those that turned red.
    pub red: String,
    /// Those that are green again.
    pub fixed: String,
    /// Those in which other tests fail now.
    pub changed: String,
    /// Those that turned too often of late.
    pub flapping: String,
}

/// One cell of the news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellNews {
    /// Its name.
    pub cell: String,
    /// Since when it is red, or was.
    pub red_since: Option<Moment>,
    /// Tests that fail; a part of them where there are many.
    pub failing: Vec<String>,
    /// How many do.
    pub failing_in_all: usize,
}

/// A commit that may be to blame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blamed {
    /// The commit.
    pub revision: String,
    /// Who wrote it.
    pub author: String,
    /// What they said of it.
    pub subject: String,
    /// Where it can be seen.
    pub link: Option<String>,
}

impl News {
    /// Nothing yet, of a request that came to this.
    pub fn of(request: &QueuedRequest, outcome: &str) -> Self {
        let asked = &request.asked;
        Self {
            id: format!("request {}", request.id),
            repository: asked.repository.clone(),
            branch: asked.branch.clone(),
            revision: asked.revision.clone(),
            request: Some(request.id),
            scheduler: asked.scheduler.clone(),
            outcome: outcome.to_owned(),
            ..Self::default()
        }
    }

    /// Adds the run.
    pub fn run_by(&mut self, verdicts: &Verdicts) {
        self.run = Some(verdicts.run.to_string());
        let cells = verdicts.cells.iter();
        self.cells = cells.map(|cell| cell.cell.clone()).collect();
    }

    /// A notice that says that nothing has happened.
    pub fn test(at: Moment) -> Self {
        Self {
            id: "test".to_owned(),
            headline: "a test notice of djbuild: nothing has happened".to_owned(),
            at,
            ..Self::default()
        }
    }

    /// Adds what became of a cell.
    pub fn add(&mut self, turn: Turn, standing: &Standing, before: Option<&Standing>) {
        let red_since = match turn {
            Turn::Fixed => before.map(|before| before.since),
            _ => Some(standing.since),
        };
        let cell = CellNews {
            cell: standing.cell.clone(),
            red_since,
            failing: standing.failing.iter().take(LISTED).cloned().collect(),
            failing_in_all: standing.failing.len(),
        };
        match turn {
            Turn::Red => self.red.push(cell),
            Turn::Fixed => self.fixed.push(cell),
            Turn::Changed => self.changed.push(cell),
            Turn::Flapping => self.flapping.push(cell),
        }
    }

    /// Adds the commits since all of it was last good, which come oldest first.
    pub fn blame(&mut self, commits: Vec<Change>) {
        self.commits_in_all = commits.len();
        let newest = commits.into_iter().rev().take(LISTED);
        self.commits = newest
            .map(|change| Blamed {
                revision: change.revision,
                author: change.author,
                subject: change.subject,
                link: None,
            })
            .collect();
    }

    /// The part of it that a receiver wants to hear, if any.
    pub fn wanted_by(&self, receiver: &Receiver) -> Option<Self> {
        let wants = |telling| receiver.on.contains(&telling);
        let mut globs = receiver.branches.iter();
        let is_its_branch = receiver.branches.is_empty()
            || self.branch.is_empty()
            || globs.any(|glob| glob.matches(&self.branch));
        if !is_its_branch {
            return None;
        }
        let mut part = self.clone();
        let every = wants(Telling::Every);
        if !wants(Telling::Red) && !every {
            part.red.clear();
            part.flapping.clear();
        }
        if !wants(Telling::Fixed) && !every {
            part.fixed.clear();
        }
        if !wants(Telling::Changed) && !every {
            part.changed.clear();
        }
        if !wants(Telling::Culprit) {
            part.culprit = None;
        }
        if !wants(Telling::Trouble) {
            part.trouble = None;
        }
        let lists = [&part.red, &part.fixed, &part.changed, &part.flapping];
        let is_told = part.trouble.is_some() || part.culprit.is_some();
        let has_any = is_told || lists.iter().any(|list| !list.is_empty());
        let is_a_run = every && !part.outcome.is_empty();
        (has_any || is_a_run).then(|| {
            part.name_cells();
            part.headline = part.in_a_line();
            part
        })
    }

    fn name_cells(&mut self) {
        let name = |list: &[CellNews]| {
            let some: Vec<String> = list.iter().map(|cell| cell.cell.clone()).collect();
            name_of(&some, &self.cells)
        };
        self.named = Named {
            red: name(&self.red),
            fixed: name(&self.fixed),
            changed: name(&self.changed),
            flapping: name(&self.flapping),
        };
    }

    fn in_a_line(&self) -> String {
        if let Some(trouble) = &self.trouble {
            return trouble.clone();
        }
        if let Some(culprit) = &self.culprit {
            return culprit.in_a_line(&self.branch);
        }
        let short = short(&self.revision);
        let named = &self.named;
        let mut parts = Vec::new();
        for (name, word) in [
            (&named.red, "failed"),
            (&named.fixed, "fixed"),
            (&named.changed, "fails otherwise"),
            (&named.flapping, "turns too often"),
        ] {
            if !name.is_empty() {
                parts.push(format!("{word}: {name}"));
            }
        }
        if parts.is_empty() {
            parts.push(self.outcome.clone());
        }
        let mut line = format!("{} at {short}: {}", self.branch, parts.join("; "));
        if let [only] = self.commits.as_slice() {
            line.push_str(&format!(" ({}: {})", only.author, only.subject));
        } else if self.commits_in_all > 1 {
            let commits = plural(self.commits_in_all as u64, "commit");
            line.push_str(&format!(" ({commits})"));
        }
        line
    }
}

/// Writes down news for all who want to hear it, once for each.
pub fn tell(book: &Book<'_>, watch: &Watch, news: &News, now: Moment) -> Result<(), WatchError> {
    for receiver in &watch.receivers {
        let Some(mut part) = news.wanted_by(receiver) else {
            continue;
        };
        part.id = format!("{} for {}", news.id, receiver.name);
        part.at = now;
        let page = watch.page.as_ref().and_then(|page| page.url.as_ref());
        part.link = page
            .zip(part.run.as_ref())
            .map(|(page, run)| format!("{page}/runs/{run}"));
        let link = watch.links.revision.as_ref();
        let link = |revision: &str| link.map(|link| link.replace("{revision}", revision));
        for commit in &mut part.commits {
            commit.link = link(&commit.revision);
        }
        if let Some(culprit) = &mut part.culprit {
            culprit.link = link(&culprit.revision);
        }
        let notice = NewNotice {
            id: part.id.clone(),
            receiver: receiver.name.clone(),
            body: serde_json::to_string(&part).unwrap_or_default(),
        };
        book.add_notice(&notice, now)?;
    }
    Ok(())
}

/// Writes down a trouble that is not Django's, once for each id.
pub fn tell_trouble(
    book: &Book<'_>,
    watch: &Watch,
    id: &str,
    trouble: &str,
    now: Moment,
) -> Result<(), WatchError> {
    let news = News {
        id: format!("trouble {id}"),
        trouble: Some(trouble.to_owned()),
        ..News::default()
    };
    tell(book, watch, &news, now)
}

/// Writes down which commit broke cells.
pub fn tell_culprit(
    book: &Book<'_>,
    watch: &Watch,
    hunt: &Hunt,
    (culprit, word): (&Change, &str),
    now: Moment,
) -> Result<(), WatchError> {
    let about = &hunt.about;
    let news = News {
        id: format!("culprit {}", hunt.id),
        repository: about.repository.clone(),
        branch: about.branch.clone(),
        revision: culprit.revision.clone(),
        request: Some(about.request),
        run: Some(about.run.to_string()),
        culprit: Some(Culprit::of(hunt, culprit, word)),
        ..News::default()
    };
    tell(book, watch, &news, now)
}
