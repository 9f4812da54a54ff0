use serde::{Deserialize, Serialize};

use super::WatchError;
use super::culprit::Culprit;
use super::ending::Verdicts;
use super::shared::name_of;
use super::verdict::Turn;
use crate::model::{Moment, plural};
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
    /// The run.
    pub run: Option<String>,
    /// Cells that turned red.
    pub red: Vec<CellNews>,
    /// Cells that are green again.
    pub fixed: Vec<CellNews>,
    /// Red cells in which other tests fail now.
    pub changed: Vec<CellNews>,
    /// Cells that turned too often of late.
    pub flapping: Vec<CellNews>,
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
    cells: Vec<String>,
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
    /// Nothing yet, of a run.
    pub fn of(request: &QueuedRequest, verdicts: &Verdicts) -> Self {
        let asked = &request.asked;
        Self {
            id: format!("request {}", request.id),
            repository: asked.repository.clone(),
            branch: asked.branch.clone(),
            revision: asked.revision.clone(),
            request: Some(request.id),
            run: Some(verdicts.run.to_string()),
            cells: verdicts
                .cells
                .iter()
                .map(|cell| cell.cell.clone())
                .collect(),
            ..Self::default()
        }
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
    fn wanted_by(&self, receiver: &Receiver) -> Option<Self> {
        let wants = |telling| receiver.on.contains(&telling);
        let mut globs = receiver.branches.iter();
        let is_its_branch = receiver.branches.is_empty()
            || self.branch.is_empty()
            || globs.any(|glob| glob.matches(&self.branch));
        if !is_its_branch {
            return None;
        }
        let mut part = self.clone();
        if !wants(Telling::Red) {
            part.red.clear();
            part.flapping.clear();
        }
        if !wants(Telling::Fixed) {
            part.fixed.clear();
        }
        if !wants(Telling::Changed) {
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
        has_any.then(|| {
            part.headline = part.in_a_line();
            part
        })
    }

    fn in_a_line(&self) -> String {
        if let Some(trouble) = &self.trouble {
            return trouble.clone();
        }
        if let Some(culprit) = &self.culprit {
            return culprit.in_a_line(&self.branch);
        }
        let short = self.revision.get(..10).unwrap_or(&self.revision);
        let name = |list: &[CellNews]| {
            let some: Vec<String> = list.iter().map(|cell| cell.cell.clone()).collect();
            name_of(&some, &self.cells)
        };
        let mut parts = Vec::new();
        for (list, word) in [
            (&self.red, "failed"),
            (&self.fixed, "fixed"),
            (&self.changed, "fails otherwise"),
            (&self.flapping, "turns too often"),
        ] {
            if !list.is_empty() {
                parts.push(format!("{word}: {}", name(list)));
            }
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
