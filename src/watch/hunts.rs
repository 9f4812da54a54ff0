use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::WatchError;
use super::hunt::trail;
use super::shared::name_of;
use crate::model::Moment;
use crate::spec::Watch;
use crate::store::farm::{Book, Hunt};

/// Those that have ended are shown for so long.
const SHOWN: Duration = Duration::from_secs(7 * 86_400);
/// So many of them.
const ENDED: usize = 10;

/// Where the search for a commit is that broke cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HuntStatus {
    /// Its number.
    pub hunt: i64,
    /// The branch.
    pub branch: String,
    /// The cells that turned red.
    pub cells: Vec<String>,
    /// The same, named by what they share.
    pub what: String,
    /// The run in which they did.
    pub run: String,
    /// When it began.
    pub made: Moment,
    /// `open`, `found`, `untold` where it cannot be told, or `dropped`.
    pub state: String,
    /// How many commits may have done it, where it goes on.
    pub suspects: usize,
    /// How many runs will tell at most, where each says something.
    pub probes_left: u32,
    /// When it ended.
    pub ended: Option<Moment>,
    /// The commit, where it was found.
    pub culprit: Option<CulpritStatus>,
    /// What that rests on, or why it was not found.
    pub word: Option<String>,
}

/// The commit that broke cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CulpritStatus {
    /// The commit.
    pub revision: String,
    /// Who wrote it.
    pub author: String,
    /// What they said of it.
    pub subject: String,
    /// Where it can be seen.
    pub link: Option<String>,
}

/// The searches that go on, and those that ended of late.
///
/// # Errors
/// When what a watcher keeps cannot be read.
pub fn hunts(
    book: &Book<'_>,
    watch: Option<&Watch>,
    places: &[String],
    now: Moment,
) -> Result<Vec<HuntStatus>, WatchError> {
    let since = now.0.saturating_sub(Moment(0).plus(SHOWN).0);
    let is_here = |hunt: &Hunt| places.contains(&hunt.about.repository);
    let mut all = book.open_hunts()?;
    all.retain(is_here);
    let mut ended = book.ended_hunts(Moment(since))?;
    ended.retain(is_here);
    all.extend(ended.into_iter().take(ENDED));
    let mut shown = Vec::new();
    for hunt in all {
        shown.push(status_of(book, watch, hunt)?);
    }
    Ok(shown)
}

fn status_of(book: &Book<'_>, watch: Option<&Watch>, hunt: Hunt) -> Result<HuntStatus, WatchError> {
    let about = &hunt.about;
    let place = (about.repository.as_str(), about.branch.as_str());
    let culprit = match &hunt.culprit {
        Some(revision) => book.change_at(place, revision)?,
        None => None,
    };
    let link = watch.and_then(|watch| watch.links.revision.as_ref());
    let (mut suspects, mut probes_left) = (0, 0);
    if hunt.ended.is_none() {
        let trail = trail(book, about, hunt.id)?;
        (suspects, probes_left) = (trail.suspects().len(), trail.probes_left());
    }
    Ok(HuntStatus {
        hunt: hunt.id,
        branch: about.branch.clone(),
        what: name_of(&about.cells, &about.among),
        cells: hunt.about.cells,
        run: hunt.about.run.to_string(),
        made: hunt.made,
        state: hunt.state.as_str().to_owned(),
        suspects,
        probes_left,
        ended: hunt.ended,
        culprit: culprit.map(|change| CulpritStatus {
            link: link.map(|link| link.replace("{revision}", &change.revision)),
            revision: change.revision,
            author: change.author,
            subject: change.subject,
        }),
        word: hunt.word,
    })
}
