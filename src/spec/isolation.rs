use serde::{Deserialize, Serialize};

/// Whether the cells of a run share its databases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// One container per database spec, shared by its cells under distinct database names.
    #[default]
    Run,
    /// Each cell gets a container of its own.
    Cell,
}
