/// What a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Commits.
    Commit,
    /// The clock.
    Cron,
    /// The end of another request.
    After,
    /// Somebody who wanted it.
    Forced,
    /// A patch of somebody's.
    Try,
    /// The search for a culprit.
    Bisect,
}

impl Kind {
    /// Its word, as kept and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Cron => "cron",
            Self::After => "after",
            Self::Forced => "forced",
            Self::Try => "try",
            Self::Bisect => "bisect",
        }
    }

    /// The kind of this word.
    pub fn of(word: &str) -> Option<Self> {
        [
            Self::Commit,
            Self::Cron,
            Self::After,
            Self::Forced,
            Self::Try,
            Self::Bisect,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }

    /// Whether a newer request of the same kind may stand for it.
    pub const fn collapses(self) -> bool {
        matches!(self, Self::Commit | Self::Cron)
    }

    /// Whether its verdicts say how a branch stands.
    pub const fn decides(self) -> bool {
        !matches!(self, Self::Try | Self::Bisect)
    }
}
