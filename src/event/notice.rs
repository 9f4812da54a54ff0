use serde::{Deserialize, Serialize};

/// Something a person should know that is nobody's failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about.
    #[serde(default)]
    pub kind: NoticeKind,
    /// One sentence.
    pub message: String,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// What is tested may be older than what its source has now.
    Stale,
    /// Something that was asked for is not in the run: a label, a rule, a branch, a
    /// result.
    LeftOut,
    /// What is tested, or on what, was chosen for want of another.
    Fallback,
    /// A step failed and is tried once more.
    Retry,
    /// Something was left behind or not kept.
    Leftover,
    /// Anything else.
    #[default]
    Other,
}

impl NoticeKind {
    /// Whether whoever reads the verdict has to know: less or other was tested
    /// than was asked for.
    pub const fn qualifies_the_verdict(self) -> bool {
        matches!(self, Self::Stale | Self::LeftOut | Self::Fallback)
    }
}

impl Notice {
    /// A notice of some kind.
    pub fn new(kind: NoticeKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}
