/// A notice, as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The same notice has the same id, however often it is sent.
    pub id: String,
    /// What it says, in a line without control characters.
    pub headline: String,
    /// All of it, as JSON.
    pub json: String,
}
