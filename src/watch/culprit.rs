use serde::{Deserialize, Serialize};

use super::shared::name_of;
use crate::model::short;
use crate::store::farm::{Change, Hunt};

/// So many tests are told one by one.
const LISTED: usize = 10;

/// The commit that broke cells, as it was found by testing those between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Culprit {
    /// The commit.
    pub revision: String,
    /// Who wrote it.
    pub author: String,
    /// What they said of it.
    pub subject: String,
    /// Where it can be seen.
    pub link: Option<String>,
    /// The cells that it broke.
    pub cells: Vec<String>,
    /// The same, named by what they share.
    pub what: String,
    /// Tests that fail since; a part of them where there are many.
    pub failing: Vec<String>,
    /// How many do.
    pub failing_in_all: usize,
    /// What that rests on.
    pub word: String,
}

impl Culprit {
    /// As it was found by a search.
    pub fn of(hunt: &Hunt, change: &Change, word: &str) -> Self {
        let about = &hunt.about;
        Self {
            revision: change.revision.clone(),
            author: change.author.clone(),
            subject: change.subject.clone(),
            link: None,
            cells: about.cells.clone(),
            what: name_of(&about.cells, &about.among),
            failing: about.failing.iter().take(LISTED).cloned().collect(),
            failing_in_all: about.failing.len(),
            word: word.to_owned(),
        }
    }

    /// It, on a branch, in a line.
    pub fn in_a_line(&self, branch: &str) -> String {
        let short = short(&self.revision);
        let Self {
            what,
            author,
            subject,
            ..
        } = self;
        format!("{branch}: {short} broke {what} ({author}: {subject})")
    }
}
