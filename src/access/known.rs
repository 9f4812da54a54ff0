/// Somebody who is known where people are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// As they are called there, which may be other than they typed it.
    pub name: String,
    /// The hash of their password, as written.
    pub hash: String,
    /// Whether they may log in at all.
    pub is_active: bool,
    /// What they lack to steer; nothing where they may.
    pub lacks: Option<String>,
}

/// Nobody can be asked there now, and why, without secrets.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Away(pub String);

/// What was found when it was looked whether a login works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Where users are known, in words.
    pub place: String,
    /// How many of them may steer.
    pub may_steer: u64,
    /// What could be better.
    pub warnings: Vec<String>,
}
