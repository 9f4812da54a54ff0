use serde::{Deserialize, Serialize};

/// Whether the remote is asked at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// It is, and what is cached is a way out.
    #[default]
    Online,
    /// Only what is cached counts.
    Offline,
}
