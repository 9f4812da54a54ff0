/// A notice, as it leaves. Nothing in it obeys: of control characters there are line
/// breaks alone, and in `headline` none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// The same notice has the same id, however often it is sent.
    pub id: String,
    /// Whom it is for.
    pub receiver: String,
    /// What it says, in a line.
    pub headline: String,
    /// All that it says, in lines.
    pub text: String,
    /// What it says in the words that its receiver wants, if they are of its own.
    pub worded: Option<String>,
    /// All of it, as JSON.
    pub json: String,
    /// Where it is seen.
    pub link: Option<String>,
    /// What it belongs with; news of one trouble share one of these.
    pub threads: Vec<String>,
    /// The commit that it is about.
    pub commit: Option<Commit>,
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The commit.
    pub revision: String,
    /// Who had it tested.
    pub scheduler: String,
    /// What that came to, as outcomes are called.
    pub outcome: String,
}

impl Letter {
    /// What is said where there is room for a few lines.
    pub fn short(&self) -> String {
        match (&self.worded, &self.link) {
            (Some(words), _) => words.clone(),
            (None, Some(link)) => format!("{}\n{link}", self.headline),
            (None, None) => self.headline.clone(),
        }
    }
}
