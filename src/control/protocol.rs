use serde::{Deserialize, Serialize};

use crate::watch::{Order, Status, Try};

/// The number of what is spoken here.
pub const PROTOCOL: u32 = 1;
/// Bytes of the longest line.
pub const LONGEST: usize = 64 << 10;

/// What a watcher says first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Greeting {
    /// The version of djbuild.
    pub djbuild: String,
    /// The number of what it speaks.
    pub protocol: u32,
}

/// What a watcher is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Ask {
    /// How the farm stands.
    Status,
    /// To do something.
    Order {
        /// Who wants it.
        who: String,
        /// What.
        order: Order,
    },
    /// The newest of these commits that it has of a branch; nothing where it has none.
    Base {
        /// The branch.
        branch: String,
        /// Commits, the newest first.
        commits: Vec<String>,
    },
    /// To try a patch; the answer is the request's number.
    Try {
        /// Who wants it.
        who: String,
        /// What.
        #[serde(flatten)]
        wish: Try,
    },
    /// To end a cell of what runs, and nothing else of its run.
    StopCell {
        /// Its name.
        cell: String,
    },
    /// To read its file again.
    Reload,
    /// To write what matters as much as this: `error`, `warn`, `info`, `debug`.
    Log {
        /// How much.
        level: String,
    },
    /// To tell what happens, as it happens.
    Events,
}

/// What it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// How the farm stands.
    Status(Box<Status>),
    /// That it was done, in a sentence.
    Said(String),
    /// Why not.
    Refused(String),
}

/// A line with an answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answered {
    /// It.
    pub answer: Answer,
}
